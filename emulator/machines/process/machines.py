"""`Machines` without root: each instance is a process group that runs the real user-data."""

import logging
import shutil
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emulator.interfaces.machines import Instance, InstanceFacts, Volume
from emulator.machines.process import console
from emulator.machines.process.layout import StateFolder
from emulator.machines.process.leftovers import Ownership, clear
from emulator.machines.process.machine import Machine

_log = logging.getLogger(__name__)


class ProcessMachines:
    """Implements `Machines`; see the package for what such a machine is, and is not."""

    def __init__(
        self,
        *,
        state_dir: Path,
        api_url: str,
        facts: InstanceFacts,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Own `state_dir` from now on; machines that a crash left there are ended and removed.

        `api_url` is where the machines find the API. `variables` are added to the environment of their
        processes; `HOME` in a value stands for the machine's home folder. StateInUseError if the folder has
        an owner.
        """
        self._state = StateFolder(state_dir.absolute())
        self._api_url = api_url
        self._facts = facts
        self._variables = dict(variables or {})
        self._machines: dict[str, Machine] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._ownership = Ownership(self._state)
        if left := clear(self._state):
            _log.warning("machines=%d removed: an earlier run did not shut down gracefully", left)
        self._state.consoles.mkdir(mode=0o700)

    def launch(self, instance: Instance) -> None:
        """Make the instance's folder and metadata service, and run its user-data in the background."""
        machine = Machine(
            instance=instance,
            facts=self._facts,
            folder=self._state.machine(instance.instance_id),
            console_file=self._console_file(instance.instance_id),
            api_url=self._api_url,
            variables=self._variables,
        )
        with self._lock:
            refused = self._closed
            if not refused:
                self._machines[instance.instance_id] = machine
            running = set(self._machines)
        if refused:
            machine.remove()
            raise RuntimeError(f"{instance.instance_id} is not launched: the emulator is stopping")
        console.remove_old(self._state.consoles, running=running)
        try:
            machine.boot()
        except OSError:
            self.terminate(instance.instance_id)
            raise

    def terminate(self, instance_id: str) -> None:
        """End the processes and remove the folder; the console output stays for an hour."""
        with self._lock:
            machine = self._machines.pop(instance_id, None)
        if machine is not None:
            machine.remove()

    def stop(self, instance_id: str) -> None:
        """End the processes; folder and metadata service stay."""
        if machine := self._machines.get(instance_id):
            machine.halt()

    def start(self, instance_id: str) -> None:
        """Boot again. User-data does not run a second time, as on EC2."""
        if machine := self._machines.get(instance_id):
            machine.boot()

    def reboot(self, instance_id: str) -> None:
        """Stop and start."""
        self.stop(instance_id)
        self.start(instance_id)

    def attach_volume(self, instance_id: str, volume: Volume) -> None:
        """Write the volume's file: $HOME/volumes/<volume id>.json on the machine."""
        if machine := self._machines.get(instance_id):
            machine.folder.write_volume(volume)

    def detach_volume(self, instance_id: str, volume_id: str, *, force: bool) -> None:  # noqa: ARG002
        """Remove the volume's file; a forced detach is no different."""
        if machine := self._machines.get(instance_id):
            machine.folder.remove_volume(volume_id)

    def delete_volume(self, volume_id: str) -> None:
        """Nothing to do: these volumes have no data."""

    def console_output(self, instance_id: str) -> bytes:
        """The last 64 KB of what the machine printed; kept for an hour after its end."""
        return console.read(self._console_file(instance_id))

    def close(self) -> None:
        """Terminate all machines at once and remove everything; safe to repeat."""
        with self._lock:
            self._closed = True
            names = list(self._machines)
        try:
            with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
                list(pool.map(self.terminate, names))
            shutil.rmtree(self._state.consoles, ignore_errors=True)
        finally:
            self._ownership.release()

    def _console_file(self, instance_id: str) -> Path:
        return self._state.consoles / f"{instance_id}.log"
