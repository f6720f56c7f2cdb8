"""Where a machine keeps what: the one place that knows the folders below the state directory.

<state>/lock                        held while somebody owns the folder
<state>/instances/<id>/machine.json the process behind the instance
<state>/instances/<id>/user-data    the script
<state>/instances/<id>/home/        HOME of the machine, its working folder
<state>/instances/<id>/volumes/     what is attached, a JSON file for each volume
<state>/console/<id>.log            console output; outlives the instance
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from local.api.machines import Volume


@dataclass(frozen=True)
class ProcessRecord:
    """Enough to find the machine's process group again, and to know that it is still the same."""

    pid: int
    started: str


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

    def write_process(self, record: ProcessRecord | None) -> None:
        """Keep which process is behind the instance; None: none any more."""
        if record is None:
            self._process_file.unlink(missing_ok=True)
        else:
            _replace(self._process_file, json.dumps(asdict(record)))

    def read_process(self) -> ProcessRecord | None:
        """The record, None if there is none that can be read."""
        try:
            return ProcessRecord(**json.loads(self._process_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write_volume(self, volume: Volume) -> None:
        """Note that a volume is attached."""
        _replace(self._volume_file(volume.volume_id), json.dumps(asdict(volume), indent=2) + "\n")

    def remove_volume(self, volume_id: str) -> None:
        """Note that it is not attached any more."""
        self._volume_file(volume_id).unlink(missing_ok=True)

    @property
    def _process_file(self) -> Path:
        return self.path / "machine.json"

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


def _replace(path: Path, text: str) -> None:
    # A reader, or a crash, sees the old content or the new, never half of it.
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)
