"""`Machines` that really boot: each instance is a systemd-nspawn machine with a network of its own."""

import logging
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from emulator.interfaces.machines import Instance, InstanceFacts, Volume
from emulator.interfaces.network_facts import NetworkFacts
from emulator.interfaces.target_probe import Finding, TargetCheck
from emulator.machines.imds import InstanceMetadata
from emulator.machines.nspawn import health_check, host_limits, leftovers
from emulator.machines.nspawn.ebs import Volumes
from emulator.machines.nspawn.faults import MachineFaults
from emulator.machines.nspawn.host_ports import HostPorts
from emulator.machines.nspawn.image import MachineImages, PreparedImages
from emulator.machines.nspawn.layout import StateFolder
from emulator.machines.nspawn.machine import Machine, Surroundings
from emulator.machines.nspawn.naming import Names
from emulator.machines.nspawn.network import API_ADDRESS
from emulator.machines.nspawn.networks import Networks
from emulator.machines.nspawn.volume_faults import VolumeFaults
from emulator.machines.process import console
from emulator.machines.proxy import Endpoint

_log = logging.getLogger(__name__)


class NspawnMachines:
    """Implements `Machines`, `TargetProber` and `FaultyMachines`.

    Methods may be called from several threads. Those that take an instance id ignore an unknown
    one, except `run`.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        api_url: str,
        facts: InstanceFacts,
        network_facts: NetworkFacts,
        images: MachineImages,
        powered_off: Callable[[str], None] = lambda _instance_id: None,
        status_check: Callable[[str, bool], None] = lambda _instance_id, _passed: None,
        kill_lines_of: Callable[[str, str], Mapping[str, str]] = lambda _instance_id, _zone: {},
        absence_seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Own `state_dir` from now on; what a crash left there is ended and removed.

        `api_url` is where the emulator listens on the host. `powered_off` is called with an instance whose
        guest shut itself down, `status_check` with one whose status checks start to fail (no power, frozen,
        partitioned) or pass again. `kill_lines_of` is for `MachineFaults`, `absence_seconds` how long name
        servers keep that a name does not exist.

        Raises:
            StateInUseError: the folder has an owner that runs.
        """
        self._state = StateFolder(state_dir.absolute())
        self._facts = facts
        self._status_check = status_check
        self._names = Names.of(self._state.path)
        self._ownership = leftovers.own(self._state)
        host_limits.raise_limits()
        self._lock = threading.Lock()
        self._machines: dict[str, Machine] = {}
        self._closed = False
        try:
            if left := leftovers.clear(self._state):
                _log.warning("machines=%d removed: an earlier run did not shut down gracefully", left)
            for folder in (self._state.instances, self._state.volumes, self._state.consoles):
                folder.mkdir(mode=0o700, parents=True)
            volumes = Volumes(self._state)
        except BaseException:
            self._ownership.release()
            raise
        address = urlsplit(api_url)
        api = Endpoint(namespace=None, address=address.hostname or "127.0.0.1", port=address.port or 80)
        self._networks = Networks(
            names=self._names,
            facts=network_facts,
            api=api,
            host_ports=HostPorts(self._state.host_ports),
            root=images.default.root,
            absence_seconds=absence_seconds,
        )
        self.faults = MachineFaults(
            machines=self._machines,
            networks=self._networks,
            volumes=VolumeFaults(state=self._state, volumes=volumes, process_of=self._process_of),
            status_check=status_check,
            kill_lines_of=kill_lines_of,
        )
        self._surroundings = Surroundings(
            names=self._names,
            images=PreparedImages(images, self._state.image, api_url=f"http://{API_ADDRESS}"),
            volumes=volumes,
            powered_off=powered_off,
            made=self.faults.prepare,
        )

    def launch(self, instance: Instance) -> None:
        """Make the machine and boot it; returns when its first process runs."""
        with self._lock:
            if self._closed:
                raise RuntimeError(f"{instance.instance_id} is not launched: the emulator is stopping")
            running = set(self._machines)
        console.remove_old(self._state.consoles, running=running)
        vpc = self._networks.admit(instance, InstanceMetadata(instance, self._facts))
        try:
            machine = Machine(
                instance=instance,
                network=vpc.network,
                folder=self._state.machine(instance.instance_id),
                console_file=self._console_file(instance.instance_id),
                surroundings=self._surroundings,
            )
        except BaseException:
            self._networks.dismiss(instance)
            raise
        with self._lock:
            refused = self._closed
            if not refused:
                self._machines[instance.instance_id] = machine
        try:
            if refused:
                raise RuntimeError(f"{instance.instance_id} is not launched: the emulator is stopping")
            machine.boot()
        except BaseException:
            self._remove(machine, graceful=False)
            raise

    def terminate(self, instance_id: str) -> None:
        """Shut the machine down and remove it; its volumes' data and console output stay."""
        if machine := self._machines.get(instance_id):
            self._remove(machine, graceful=True)

    def stop(self, instance_id: str) -> None:
        """Shut down gracefully."""
        if machine := self._machines.get(instance_id):
            machine.shut_down()

    def start(self, instance_id: str) -> None:
        """Boot again, with the same disk, address and volumes."""
        if machine := self._machines.get(instance_id):
            machine.boot()
            self._status_check(instance_id, True)

    def reboot(self, instance_id: str) -> None:
        """Shut down gracefully and boot again."""
        self.stop(instance_id)
        self.start(instance_id)

    def attach_volume(self, instance_id: str, volume: Volume) -> None:
        """Make the volume's NVMe device and by-id link appear."""
        if machine := self._machines.get(instance_id):
            machine.attach(volume)

    def detach_volume(self, instance_id: str, volume_id: str, *, force: bool) -> None:
        """Take it away; VolumeBusyError while it is mounted there, unless forced."""
        if machine := self._machines.get(instance_id):
            machine.detach(volume_id, force=force)

    def delete_volume(self, volume_id: str) -> None:
        """Remove its data."""
        self._surroundings.volumes.delete(volume_id)

    def console_output(self, instance_id: str) -> bytes:
        """The last 64 KB of what the machine printed; kept for an hour after its end."""
        return console.read(self._console_file(instance_id))

    def probe_target(self, check: TargetCheck) -> Finding:
        """Check a target's health from its load balancer's place in the VPC."""
        vpc = self._networks.of_target(check)
        if vpc is None:
            return Finding(
                healthy=False, reason="Target.FailedHealthChecks", description="Health checks failed"
            )
        return health_check.check(check, vpc.make_probe)

    def run(
        self, instance_id: str, command: Sequence[str], *, timeout_seconds: float = 60, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as the machine's root.

        Raises:
            LookupError: there is no such machine, or it is off.
            subprocess.TimeoutExpired: it took too long; it was killed.
        """
        machine = self._machines.get(instance_id)
        guest = machine.guest if machine else None
        if guest is None:
            raise LookupError(f"{instance_id} is not running here: nothing can be run on it")
        return guest.run(command, timeout_seconds=timeout_seconds, stdin=stdin)

    def namespace(self, vpc_id: str) -> Path:
        """The network namespace of a VPC, e.g. for `nsenter --net=…`; LookupError if it has none."""
        return self._networks.namespace(vpc_id)

    def close(self) -> None:
        """Switch all machines off and remove everything, data of volumes too; safe to repeat."""
        with self._lock:
            self._closed = True
            machines = list(self._machines.values())
        try:
            with ThreadPoolExecutor(max_workers=max(1, len(machines))) as pool:
                list(pool.map(lambda machine: self._remove(machine, graceful=False), machines))
            self._networks.close()
            if self._state.base.exists():
                shutil.rmtree(self._state.base)
        finally:
            self._ownership.release()

    def _remove(self, machine: Machine, *, graceful: bool) -> None:
        machine.remove(graceful=graceful)
        self._networks.dismiss(machine.instance)
        with self._lock:
            self._machines.pop(machine.instance.instance_id, None)

    def _process_of(self, instance_id: str) -> int | None:
        machine = self._machines.get(instance_id)
        return machine.guest.pid if machine and machine.guest else None

    def _console_file(self, instance_id: str) -> Path:
        return self._state.consoles / f"{instance_id}.log"
