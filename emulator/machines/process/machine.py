"""One machine: a folder, a metadata service, and at most one process group."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from emulator.interfaces.machines import Instance, InstanceFacts
from emulator.machines.imds import ImdsServer, InstanceMetadata
from emulator.machines.process import console
from emulator.machines.process.layout import MachineFolder
from emulator.processes import ProcessRecord, end_group, end_strays

GRACE_SECONDS = 5.0
"""How long a machine may take to shut down before it is killed."""

HOME = "@HOME@"
"""Stands for a machine's home folder in the variables that its processes get."""

_INIT = Path(__file__).with_name("init.sh")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """Created switched off. Its methods may be called from several threads."""

    def __init__(
        self,
        *,
        instance: Instance,
        facts: InstanceFacts,
        folder: MachineFolder,
        console_file: Path,
        api_url: str,
        variables: Mapping[str, str],
    ) -> None:
        """Make the folder and start the metadata service; OSError if one of them is not possible."""
        self.folder = folder
        self._instance = instance
        self._console_file = console_file
        self._api_url = api_url
        self._variables = variables
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._console: console.Console | None = None
        self._booted_before = False
        self._removed = False
        folder.create(instance.user_data)
        metadata = InstanceMetadata(instance, facts)
        try:
            self._imds = ImdsServer(host="127.0.0.1", resolve=lambda _client: metadata)
        except OSError:
            shutil.rmtree(folder.path)
            raise

    def boot(self) -> None:
        """Start the process group if there is none; the first boot runs the user-data. OSError on failure."""
        with self._lock:
            if self._process is None and not self._removed:
                script = None if self._booted_before else self._script()
                self._start(script)
                self._booted_before = True

    def halt(self) -> None:
        """End every process of the machine."""
        with self._lock:
            if self._process is None:
                return
            # Collecting the dead leader gives its id back only when its group has no other member.
            end_group(self._process.pid, grace_seconds=GRACE_SECONDS, reap=self._process.poll)
            end_strays(self.folder.home)
            if self._console is not None:
                self._console.finish(patience_seconds=1.0)
            self.folder.process.unlink(missing_ok=True)
            self._process = None

    def remove(self) -> None:
        """Halt, and remove everything but the console output; the machine does not boot again."""
        with self._lock:
            self._removed = True
            self.halt()
            self._imds.close()
            shutil.rmtree(self.folder.path)

    def _start(self, script: Path | None) -> None:
        process = subprocess.Popen(
            ["/bin/sh", str(_INIT), str(script or "")],
            cwd=self.folder.home,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101 - asked for above
        # Only after the word "go" does the process do anything; if the emulator dies before that, it sees the
        # pipe's end and exits. So every machine that runs can be found by a later run.
        with process.stdin as gate:
            ProcessRecord.of(process.pid).write(self.folder.process)
            gate.write(b"go\n")
        self._console = console.Console(self._console_file, process.stdout)
        self._process = process

    def _script(self) -> Path | None:
        user_data = self._instance.user_data
        if user_data.startswith(b"#!"):
            return self.folder.user_data
        if user_data:
            why = b"user-data does not begin with #!: this machine runs scripts only\n"
            console.append(self._console_file, why)
        return None

    def _environment(self) -> dict[str, str]:
        """The whole environment of the machine's processes: nothing of the emulator's own gets through."""
        return {
            # User-data may count on a python3 that has boto3, as the images do.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{_SYSTEM_PATH}",
            "HOME": str(self.folder.home),
            "LANG": "C.UTF-8",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self._imds.url,
            "AWS_ENDPOINT_URL": self._api_url,
            "AWS_REGION": self._instance.region,
            # Stands for what an image would say.
            **{name: value.replace(HOME, str(self.folder.home)) for name, value in self._variables.items()},
        }
