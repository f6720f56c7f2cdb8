"""Whether machines can run on this computer: determined by trying each thing that they need."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from emulator.machines.namespaces import SocketMaker, path_of
from emulator.machines.nspawn import cgroups, loop_devices
from emulator.machines.nspawn.commands import CommandFailedError, ip_batch, run

HOST_PROGRAMS = {
    "systemd-nspawn": ("systemd-container",),
    "nsenter": ("util-linux",),
    "losetup": ("mount",),
    "ip": ("iproute2",),
    "sysctl": ("procps",),
}
"""Program of this computer that machines need → the Debian packages that bring it."""
_MODULES = ("overlay", "loop", "veth", "bridge", "br_netfilter", "vxlan", "nf_tables", "nf_conntrack")
"""What machines use of the kernel; they cannot load modules themselves."""


def unavailable_reason(folder: Path | None = None) -> str | None:
    """Why machines cannot run here, in one sentence; None if they can.

    `folder` is where their disks would be, or a parent of that; None takes the folder for temporary files.
    """
    if sys.platform != "linux":
        return f"machines need Linux, and this is {sys.platform}"
    if os.geteuid() != 0:
        return "machines need root: run this with sudo"
    for program, packages in HOST_PROGRAMS.items():
        if shutil.which(program) is None:
            return f"{program} is not installed: install the package {', '.join(packages)}"
    _load_modules()
    with tempfile.TemporaryDirectory(prefix="emulator-trial-", dir=folder) as work:
        for what, trial in (
            ("an overlay file system", _try_overlay),
            ("loop devices", _try_loop),
            ("network namespaces with a bridge and a link", _try_network),
            ("cgroups", _try_cgroups),
        ):
            try:
                trial(Path(work))
            except (CommandFailedError, OSError, RuntimeError) as error:
                return f"machines need {what}, which this system does not provide: {error}"
    return None


def _load_modules() -> None:
    """Load each module; the kernel may have it built in, or lack it: the trials show."""
    if shutil.which("modprobe") is not None:
        for module in _MODULES:
            subprocess.run(["modprobe", "--quiet", module], capture_output=True, check=False)


def _try_overlay(work: Path) -> None:
    for name in ("lower", "upper", "work", "root"):
        (work / name).mkdir()
    (work / "lower/file").touch()
    layers = f"lowerdir={work}/lower,upperdir={work}/upper,workdir={work}/work"
    run("mount", "-t", "overlay", "emulator-trial", "-o", layers, str(work / "root"))
    try:
        (work / "root/file").write_text("written")
    finally:
        run("umount", str(work / "root"))


def _try_loop(work: Path) -> None:
    file = work / "disk"
    file.touch()
    os.truncate(file, 1 << 20)
    device = loop_devices.attach(file)
    try:
        device.open("rb").close()
    finally:
        loop_devices.detach(device)


def _try_network(_work: Path) -> None:
    with _namespace("a") as one, _namespace("b") as other:
        ip_batch(one, ["link add br0 type bridge", f"link add v type veth peer name ens5 netns {other}"])
        ip_batch(one, ["link set v master br0 up", "address add 192.0.2.1/32 dev lo", "link set lo up"])
        maker = SocketMaker(path_of(one))
        try:
            maker.bind("192.0.2.1", 80).close()
        finally:
            maker.close()


@contextlib.contextmanager
def _namespace(letter: str) -> Iterator[str]:
    name = f"emu-trial-{os.getpid()}-{letter}"
    run("ip", "netns", "add", name)
    try:
        yield name
    finally:
        run("ip", "netns", "delete", name)


def _try_cgroups(_work: Path) -> None:
    group = cgroups.Cgroup(f"emu-trial-{os.getpid()}")
    group.create()
    try:
        join = "".join(f"echo $$ > {folder}/cgroup.procs && " for folder in group.folders)
        sleeper = subprocess.Popen(["/bin/sh", "-c", f"{join} exec sleep 60"])
        while sleeper.pid not in group.processes():
            time.sleep(0.01)
            if sleeper.poll() is not None:
                raise RuntimeError("a process cannot join a cgroup of its own")
        group.freeze()
        group.kill()
        sleeper.wait()
    finally:
        group.remove()
