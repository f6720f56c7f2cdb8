"""A machine's disk: an overlay over the image, with files that make a container look like an EC2 instance."""

import hashlib
import os
import shutil
import time
from pathlib import Path

from emulator.interfaces.machines import Instance
from emulator.machines.nspawn.commands import CommandFailedError, run
from emulator.machines.nspawn.image import PreparedImage, clone
from emulator.machines.nspawn.layout import MachineFolder
from emulator.machines.nspawn.naming import Names

_FILES = Path(__file__).with_name("files")
"""Copied into every machine: paths below it are paths there."""

# On an instance these belong to hardware, logins or package upgrades, of which a container has none.
_MASKED_UNITS = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "ldconfig.service",
    "systemd-firstboot.service",
    "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service",
    "systemd-networkd-wait-online.service",
    "systemd-pcrmachine.service",
    "systemd-udev-trigger.service",
    "systemd-udevd.service",
    "systemd-update-done.service",
)
_UNMOUNT_PATIENCE_SECONDS = 10.0
_NSPAWN_FOLDER = Path("/run/systemd/nspawn/propagate")


def create(folder: MachineFolder, *, image: PreparedImage, instance: Instance, resolver: str) -> None:
    """Make the folder, fill it and mount the root.

    `resolver` is the address of the machine's name server.

    Raises:
        FileExistsError: the instance has one already.
        CommandFailedError: the overlay cannot be mounted.
    """
    folder.path.mkdir(mode=0o700, parents=True)
    for path in (folder.root, folder.upper, folder.work):
        path.mkdir()
    shutil.copytree(_FILES, folder.upper, dirs_exist_ok=True, symlinks=True)
    _set_modes(folder.upper)
    _write_identity(folder.upper, instance, resolver)
    _mask_units(folder.upper)
    folder.binds.mkdir()
    for target, content in image.folders.items():
        inside = target.lstrip("/")
        (folder.binds / inside).mkdir(parents=True)
        # systemd-nspawn mounts over folders that exist.
        (folder.upper / inside).mkdir(parents=True, exist_ok=True)
        clone(content, folder.binds / inside)
    lower = ":".join(map(str, image.layers))
    layers = f"lowerdir={lower},upperdir={folder.upper},workdir={folder.work}"
    run("mount", "-t", "overlay", "emulated-machine", "-o", layers, str(folder.root))


def remove(folder: MachineFolder) -> None:
    """Unmount and remove all of it; no process of the machine may run. Safe to repeat."""
    for path in reversed(mounts_below(folder.path)):
        unmount(path)
    if folder.path.exists():
        shutil.rmtree(folder.path)


def remove_nspawn_folder(machine_name: str) -> None:
    """Remove what systemd-nspawn leaves in /run of a machine that was killed; safe to repeat."""
    folder = _NSPAWN_FOLDER / machine_name
    if folder.exists():
        folder.rmdir()


def nspawn_folders(names: Names) -> list[str]:
    """The machines of a state folder that left something there."""
    return [path.name for path in _NSPAWN_FOLDER.glob("*") if names.is_ours(path.name)]


def unmount(path: Path) -> None:
    """Unmount; the kernel needs a moment for what dead processes held.

    Raises:
        CommandFailedError: it is still in use after 10 seconds.
    """
    deadline = time.monotonic() + _UNMOUNT_PATIENCE_SECONDS
    while True:
        try:
            run("umount", str(path))
        except CommandFailedError:
            if path not in mounts_below(path):
                return
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def mounts_below(path: Path) -> list[Path]:
    """Mount points at or below a path, in the order in which they were mounted."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = (Path(os.fsdecode(line.split(" ")[4].encode().decode("unicode_escape"))) for line in lines)
    return [point for point in points if point == path or path in point.parents]


def _write_identity(upper: Path, instance: Instance, resolver: str) -> None:
    domain = instance.private_dns_name.partition(".")[2]
    machine_id = hashlib.sha256(instance.instance_id.encode()).hexdigest()[:32]
    contents = {
        # Known from the start: a first boot without one asks questions and runs presets.
        "etc/machine-id": f"{machine_id}\n",
        "etc/hostname": f"{instance.private_dns_name.partition('.')[0]}\n",
        # What DHCP would have set.
        "etc/resolv.conf": f"nameserver {resolver}\nsearch {domain}\n",
    }
    for name, content in contents.items():
        path = upper / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def _mask_units(upper: Path) -> None:
    folder = upper / "etc/systemd/system"
    folder.mkdir(parents=True, exist_ok=True)
    for unit in _MASKED_UNITS:
        (folder / unit).symlink_to("/dev/null")


def _set_modes(upper: Path) -> None:
    """Modes as on an image, whatever umask the checkout was made with: the upper layer's are what counts."""
    upper.chmod(0o755)
    for path in upper.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
