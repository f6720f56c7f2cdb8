"""EBS volumes: sparse files, shown to machines as the NVMe devices of a Nitro instance.

Names of the devices: https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html.
A Nitro instance gets the by-id links from udev; in a container they are made with the device.
"""

import contextlib
import os
import shutil
import stat
import threading
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from emulator.interfaces.machines import Volume
from emulator.machines.nspawn import filesystems, loop_devices
from emulator.machines.nspawn.commands import run
from emulator.machines.nspawn.layout import StateFolder

_BY_ID = "disk/by-id"
_UNMOUNT_PATIENCE_SECONDS = 5.0
_GIB = 1 << 30


class VolumeBusyError(RuntimeError):
    """The machine has the volume mounted."""


@dataclass(frozen=True)
class Attached:
    """A volume at a machine."""

    volume_id: str
    loop: Path
    name: str
    """The device's name on the machine, e.g. nvme1n1."""

    @property
    def link(self) -> str:
        """The name of its by-id link."""
        return f"nvme-Amazon_Elastic_Block_Store_{self.volume_id.replace('-', '')}"


class Volumes:
    """The volumes of a state folder: their files, and what is attached where."""

    def __init__(self, state: StateFolder) -> None:
        """Keep the files below the state folder."""
        self._state = state
        self._lock = threading.Lock()
        self._attached: dict[str, dict[str, Attached]] = {}

    def attach(self, instance_id: str, volume: Volume) -> None:
        """Give a volume to a machine, which sees it once `show` was called; blank the first time.

        Raises:
            RuntimeError: a machine has it already.
        """
        with self._lock:
            for holder, volumes in self._attached.items():
                if volume.volume_id in volumes:
                    raise RuntimeError(f"{volume.volume_id} is attached to {holder}; detach it there first")
            file = self._state.volume(volume.volume_id)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            if file.stat().st_size < volume.size_gib * _GIB:
                os.truncate(file, volume.size_gib * _GIB)
            mine = self._attached.setdefault(instance_id, {})
            taken = {attached.name for attached in mine.values()}
            # nvme0 is the root volume.
            name = next(name for number in count(1) if (name := f"nvme{number}n1") not in taken)
            mine[volume.volume_id] = Attached(volume.volume_id, loop_devices.attach(file), name)

    def holder(self, volume_id: str) -> tuple[str, Attached] | None:
        """The instance that has a volume; None if it is attached nowhere."""
        with self._lock:
            for holder, volumes in self._attached.items():
                if volume_id in volumes:
                    return holder, volumes[volume_id]
        return None

    def show(self, instance_id: str, process: int) -> None:
        """Make the devices of all the machine's volumes appear; `process` is the machine's first one."""
        devices = Path(f"/proc/{process}/root/dev")
        with self._lock:
            attached = list(self._attached.get(instance_id, {}).values())
        for each in attached:
            _show(each, devices)

    def detach(self, instance_id: str, volume_id: str, *, process: int | None, force: bool) -> None:
        """Take a volume away from a machine; nothing happens if it is not attached.

        `process` is the machine's first process, None if it is off.

        Raises:
            VolumeBusyError: not forced, and the machine does not unmount it within 5 seconds.
        """
        with self._lock:
            attached = self._attached.get(instance_id, {}).get(volume_id)
        if attached is None:
            return
        if force:
            self._detach_in_use(attached, process)
        else:
            self._wait_until_unmounted(attached, instance_id)
            loop_devices.detach(attached.loop)
        if process is not None:
            _hide(attached, Path(f"/proc/{process}/root/dev"))
        with self._lock:
            self._attached.get(instance_id, {}).pop(volume_id, None)

    def cut_power(self, instance_id: str, process: int) -> None:
        """Lose what the machine's file systems on its volumes have not written yet."""
        with self._lock:
            attached = list(self._attached.get(instance_id, {}).values())
        for each in attached:
            _cut_power(each, process)

    def release(self, instance_id: str) -> None:
        """Take all volumes from a machine that is gone; their data stays."""
        with self._lock:
            attached = self._attached.pop(instance_id, {})
        for each in attached.values():
            loop_devices.detach(each.loop)

    def delete(self, volume_id: str) -> None:
        """Remove a volume's data."""
        self._state.volume(volume_id).unlink(missing_ok=True)

    def _detach_in_use(self, attached: Attached, process: int | None) -> None:
        """Take a volume that may be mounted: what is not on it is lost, every access fails from now on."""
        if process is not None:
            _cut_power(attached, process)
        if loop_devices.in_use(attached.loop):
            # It stays mounted, as on EC2, so the kernel keeps the device until the machine is off. The next
            # machine gets a copy, and what the kernel may still write goes to a file without a name.
            file = self._state.volume(attached.volume_id)
            fresh = file.with_suffix(".new")
            run("cp", "--sparse=always", "--reflink=auto", str(file), str(fresh))
            fresh.replace(file)
            loop_devices.release(attached.loop)
        else:
            loop_devices.detach(attached.loop)

    @staticmethod
    def _wait_until_unmounted(attached: Attached, instance_id: str) -> None:
        deadline = time.monotonic() + _UNMOUNT_PATIENCE_SECONDS
        while loop_devices.in_use(attached.loop):
            if time.monotonic() > deadline:
                raise VolumeBusyError(
                    f"{attached.volume_id} is still mounted on {instance_id}: "
                    f"unmount /dev/{attached.name} there, or detach it with force"
                )
            time.sleep(0.05)


def remove_leftovers(state: StateFolder) -> None:
    """Release every loop device of a state folder, and remove the volumes."""
    for device in loop_devices.devices_below(state.volumes):
        loop_devices.detach(device)
    shutil.rmtree(state.volumes, ignore_errors=True)


def _show(attached: Attached, devices: Path) -> None:
    device, link = devices / attached.name, devices / _BY_ID / attached.link
    number = loop_devices.number_of(attached.loop)
    with contextlib.suppress(FileNotFoundError):
        if device.stat().st_rdev == number:
            return
        device.unlink()
    # Under another name first: who sees the name sees the permissions, too.
    fresh = devices / f".{attached.name}"
    os.mknod(fresh, stat.S_IFBLK | 0o660, number)
    fresh.replace(device)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(f"../../{attached.name}")


def _hide(attached: Attached, devices: Path) -> None:
    for path in (devices / _BY_ID / attached.link, devices / attached.name):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def _cut_power(attached: Attached, process: int) -> None:
    for point in filesystems.mount_points(loop_devices.number_of(attached.loop), process=process)[:1]:
        filesystems.cut_power(point)
