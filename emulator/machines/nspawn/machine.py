"""One machine: its disk, its place in the network, its volumes, and the systemd-nspawn that runs it."""

import logging
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.interfaces.machines import Instance, Volume
from emulator.machines.namespaces import path_of
from emulator.machines.nspawn import boot, root
from emulator.machines.nspawn.cgroups import Cgroup
from emulator.machines.nspawn.ebs import Volumes
from emulator.machines.nspawn.guest import Guest, guest_of
from emulator.machines.nspawn.image import PreparedImages
from emulator.machines.nspawn.layout import MachineFolder
from emulator.machines.nspawn.naming import Names
from emulator.machines.nspawn.network import VpcNetwork
from emulator.machines.process import console

_log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 60.0
"""How long a machine may take to shut down gracefully; then it is switched off, as EC2 does."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the machines of a state folder share."""

    names: Names
    images: PreparedImages
    volumes: Volumes
    powered_off: Callable[[str], None]
    """Called with the id of an instance whose guest shut itself down."""
    made: Callable[[Instance, Path], None]
    """Called with a new machine and its root, before it boots."""


class Machine:
    """Created switched off. Its methods may be called from several threads."""

    def __init__(
        self,
        *,
        instance: Instance,
        network: VpcNetwork,
        folder: MachineFolder,
        console_file: Path,
        surroundings: Surroundings,
    ) -> None:
        """Make the machine's disk and connect it; CommandFailedError if one fails: nothing is left then."""
        self.instance = instance
        self.network = network
        self._folder = folder
        self._console_file = console_file
        self._around = surroundings
        self._lock = threading.RLock()
        self._boots = 0
        self._run: _Run | None = None
        self._removed = False
        self.is_frozen = False
        """Whether its processes are stopped where they are."""
        self.is_partitioned = False
        """Whether it is cut off from its network."""
        network.connect(instance)
        try:
            self._image = surroundings.images.of(instance.image_id)
            root.create(folder, image=self._image, instance=instance, resolver=network.dns_addresses[1])
            surroundings.made(instance, folder.root)
        except BaseException:
            root.remove(folder)
            network.disconnect(instance.instance_id)
            raise

    @property
    def guest(self) -> Guest | None:
        """The machine's inside while it is on."""
        run = self._run
        return run.guest if run is not None else None

    def boot(self) -> None:
        """Switch it on if it is off; returns when its first process runs. RuntimeError if that fails."""
        with self._lock:
            if self._run is not None or self._removed:
                return
            self._boots += 1
            self.is_frozen = False
            self.network.set_link(self.instance.instance_id, up=not self.is_partitioned)
            name = self._around.names.boot(self.instance.instance_id, self._boots)
            run = self._run = _Run(self, Cgroup(name))
            try:
                guest = run.start()
            except BaseException as error:
                self._run = None
                run.end()
                if isinstance(error, RuntimeError):
                    output = console.read(self._console_file).decode(errors="replace").splitlines()[-3:]
                    raise RuntimeError(f"{error}. Last console output: {' / '.join(output)}") from error
                raise
            self._around.volumes.show(self.instance.instance_id, guest.pid)

    def shut_down(self) -> None:
        """Shut it down gracefully, or switch it off if that takes longer than a minute."""
        with self._lock:
            if self._run is not None:
                self._run.shut_down()
                self._run = None

    def switch_off(self) -> None:
        """Kill every process at once. What they had written but not synced is on the disks nevertheless."""
        with self._lock:
            if self._run is not None:
                self._run.end()
                self._run = None

    def lose_power(self) -> None:
        """Switch it off so that what its volumes' file systems have not written is lost."""
        with self._lock:
            if (guest := self.guest) is not None:
                self._around.volumes.cut_power(self.instance.instance_id, guest.pid)
            self.switch_off()
            # Its network namespace lives on, and would refuse connections: the answer of a kernel.
            self.network.set_link(self.instance.instance_id, up=False)

    def partition(self, *, partitioned: bool) -> None:
        """Cut it off from its network, also when it boots again, or connect it; while off it stays silent."""
        with self._lock:
            self.is_partitioned = partitioned
            is_up = not partitioned and self._run is not None
            self.network.set_link(self.instance.instance_id, up=is_up)

    def freeze(self, *, frozen: bool) -> None:
        """Stop all processes where they are, or let them continue."""
        with self._lock:
            if self._run is not None:
                self._run.cgroup.freeze() if frozen else self._run.cgroup.thaw()
                self.is_frozen = frozen

    def attach(self, volume: Volume) -> None:
        """Give it a volume; a machine that is off sees it when it boots."""
        with self._lock:
            self._around.volumes.attach(self.instance.instance_id, volume)
            if (guest := self.guest) is not None:
                self._around.volumes.show(self.instance.instance_id, guest.pid)

    def detach(self, volume_id: str, *, force: bool) -> None:
        """Take a volume away; see `Volumes.detach`."""
        guest = self.guest
        self._around.volumes.detach(
            self.instance.instance_id, volume_id, process=guest.pid if guest else None, force=force
        )

    def remove(self, *, graceful: bool) -> None:
        """Switch off and remove everything but the console output and the volumes' data."""
        with self._lock:
            self._removed = True
            self.shut_down() if graceful else self.switch_off()
            self._around.volumes.release(self.instance.instance_id)
            self.network.disconnect(self.instance.instance_id)
            root.remove(self._folder)
            root.remove_nspawn_folder(self._around.names.machine(self.instance.instance_id))

    def command(self, cgroup: Cgroup) -> list[str]:
        """The command that boots it."""
        names, instance_id = self._around.names, self.instance.instance_id
        return boot.command(
            folder=self._folder,
            mounted=self._image.folders,
            name=names.machine(instance_id),
            hostname=self.instance.private_dns_name.partition(".")[0],
            cgroup=cgroup,
            namespace=path_of(names.machine(instance_id)),
        )

    def print(self, text: str) -> None:
        """Add a line to the console output."""
        console.append(self._console_file, f"{text}\n".encode())

    def copy_console(self, process: subprocess.Popen[bytes]) -> console.Console:
        """Begin to copy what a boot prints to the console output."""
        assert process.stdout is not None  # noqa: S101 - asked for when it was started
        return console.Console(self._console_file, process.stdout)

    def ended_by_itself(self, run: "_Run", status: int) -> None:
        """Called when a boot ended by itself: the guest reboots, or is off."""
        with self._lock:
            if self._run is not run:
                return
            run.end()
            self._run = None
            if status == boot.REBOOT_STATUS:
                self.boot()
                return
        _log.info("%s switched itself off with status %d", self.instance.instance_id, status)
        self._around.powered_off(self.instance.instance_id)


class _Run:
    """One boot of a machine, until it is off."""

    def __init__(self, machine: Machine, cgroup: Cgroup) -> None:
        self.cgroup = cgroup
        self.guest: Guest | None = None
        self._machine = machine
        self._process: subprocess.Popen[bytes] | None = None
        self._console: console.Console | None = None

    def start(self) -> Guest:
        self.cgroup.create()
        self._process = subprocess.Popen(
            self._machine.command(self.cgroup),
            env=boot.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )
        self._console = self._machine.copy_console(self._process)
        self.guest = guest = guest_of(self._process)
        name = f"watch {self._machine.instance.instance_id}"
        threading.Thread(target=self._watch, name=name, daemon=True).start()
        return guest

    def shut_down(self) -> None:
        if self._process is None:
            return
        # systemd-nspawn passes it on as the signal to power off; see its manual, --kill-signal.
        self._process.terminate()
        try:
            self._process.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self._machine.print(f"not off after {SHUTDOWN_SECONDS:.0f} s: switched off")
        self.end()

    def end(self) -> None:
        self.cgroup.kill()
        if self._process is not None:
            self._process.wait()
        if self._console is not None:
            self._console.finish(patience_seconds=2.0)
        self.cgroup.remove()

    def _watch(self) -> None:
        assert self._process is not None  # noqa: S101 - started before this thread
        self._machine.ended_by_itself(self, self._process.wait())
