"""The layout of the state directory, known here only.

- <state>/lock: held while a process owns the folder
- <state>/instances/<id>/process.json: the process behind the instance
- <state>/instances/<id>/user-data: the script
- <state>/instances/<id>/home/: HOME of the machine, its working folder
- <state>/instances/<id>/home/volumes/: what is attached, a JSON file for each volume
- <state>/console/<id>.log: console output; outlives the instance
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from emulator.interfaces.machines import Volume
from emulator.processes import replace_file


@dataclass(frozen=True)
class MachineFolder:
    """The folder of one instance."""

    path: Path

    @property
    def user_data(self) -> Path:
        """The script as it came, executable."""
        return self.path / "user-data"

    @property
    def home(self) -> Path:
        """HOME and working folder of everything that runs on the machine."""
        return self.path / "home"

    @property
    def volumes(self) -> Path:
        """The attached volumes."""
        return self.home / "volumes"

    def create(self, user_data: bytes) -> None:
        """Make the folder; FileExistsError if the instance has one."""
        self.path.mkdir(mode=0o700, parents=True)
        self.home.mkdir()
        self.volumes.mkdir()
        self.user_data.write_bytes(user_data)
        self.user_data.chmod(0o700)

    @property
    def process(self) -> Path:
        """The record of the first process, while there is one."""
        return self.path / "process.json"

    def write_volume(self, volume: Volume) -> None:
        """Note that a volume is attached."""
        replace_file(self._volume_file(volume.volume_id), json.dumps(asdict(volume), indent=2) + "\n")

    def remove_volume(self, volume_id: str) -> None:
        """Note that it is not attached any more."""
        self._volume_file(volume_id).unlink(missing_ok=True)

    def _volume_file(self, volume_id: str) -> Path:
        return self.volumes / f"{volume_id}.json"


@dataclass(frozen=True)
class StateFolder:
    """The folder of all machines."""

    path: Path

    @property
    def lock(self) -> Path:
        """Locked by the owner for as long as it lives."""
        return self.path / "lock"

    def machine(self, instance_id: str) -> MachineFolder:
        """The folder of an instance, there or not."""
        return MachineFolder(self._instances / instance_id)

    def machines(self) -> list[MachineFolder]:
        """The folders that are there."""
        return [MachineFolder(p) for p in sorted(self._instances.glob("*"))]

    @property
    def consoles(self) -> Path:
        """The folder of the console outputs."""
        return self.path / "console"

    @property
    def _instances(self) -> Path:
        return self.path / "instances"
