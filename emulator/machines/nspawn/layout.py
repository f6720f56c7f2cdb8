"""The layout of the state directory, known here only.

- <state>/lock: held while a process owns the folder, whatever kind its machines are of
- <state>/nspawn/instances/<id>/: one machine, see MachineFolder
- <state>/nspawn/image/<id or default>/: the files that an image adds to its root
- <state>/nspawn/volumes/<volume id>.img: the data of an EBS volume, a sparse file
- <state>/nspawn/console/<id>.log: console output; outlives the instance
- <state>/nspawn/host-ports.json: the ports of loopback that lead to load balancers
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MachineFolder:
    """The folder of one machine."""

    path: Path

    @property
    def root(self) -> Path:
        """Where the machine's root is mounted: an overlay."""
        return self.path / "root"

    @property
    def upper(self) -> Path:
        """What differs from the image: the overlay's upper layer."""
        return self.path / "upper"

    @property
    def work(self) -> Path:
        """The overlay's own folder."""
        return self.path / "work"

    @property
    def binds(self) -> Path:
        """What is mounted into the machine beside its overlay, each folder named by its path there."""
        return self.path / "binds"


@dataclass(frozen=True)
class StateFolder:
    """The folder of all machines."""

    path: Path

    @property
    def base(self) -> Path:
        """The folder of everything but the lock; exists as long as anything in it does."""
        return self.path / "nspawn"

    def machine(self, instance_id: str) -> MachineFolder:
        """The folder of a machine, there or not."""
        return MachineFolder(self.instances / instance_id)

    @property
    def instances(self) -> Path:
        """The folder of the machines."""
        return self.base / "instances"

    @property
    def image(self) -> Path:
        """The layers with the files that images add to their roots."""
        return self.base / "image"

    @property
    def volumes(self) -> Path:
        """The folder of the volumes."""
        return self.base / "volumes"

    @property
    def consoles(self) -> Path:
        """The folder of the console outputs."""
        return self.base / "console"

    @property
    def host_ports(self) -> Path:
        """The file that says which ports of loopback lead to load balancers."""
        return self.base / "host-ports.json"

    def volume(self, volume_id: str) -> Path:
        """The file of a volume, there or not."""
        return self.volumes / f"{volume_id}.img"
