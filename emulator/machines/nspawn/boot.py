"""The command line that boots a machine: systemd-nspawn, without any effect on the rest of the host."""

from collections.abc import Iterable
from pathlib import Path

from emulator.machines.nspawn.cgroups import Cgroup, hierarchies
from emulator.machines.nspawn.layout import MachineFolder

REBOOT_STATUS = 133
"""What systemd-nspawn ends with when the machine wants to be booted again; see its manual, EXIT STATUS."""

# Puts itself into the groups before it becomes systemd-nspawn, so no process of the machine is ever outside.
_JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'


def command(
    *,
    folder: MachineFolder,
    mounted: Iterable[str],
    name: str,
    hostname: str,
    cgroup: Cgroup,
    namespace: Path,
) -> list[str]:
    """The arguments that boot the machine in its cgroup and network namespace.

    `mounted` are the paths on the machine that are outside its overlay.
    """
    binds = [f"--bind={folder.binds / path.lstrip('/')}:{path}" for path in mounted]
    return [
        "/bin/sh",
        "-c",
        _JOIN,
        "boot",
        *map(str, cgroup.folders),
        "--",
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--settings=no",
        f"--directory={folder.root}",
        f"--machine={name}",
        f"--hostname={hostname}",
        f"--network-namespace-path={namespace}",
        # No registration with systemd-machined, which need not run, and no scope of its own.
        "--register=no",
        "--keep-unit",
        # What the machine's first process prints is the console output.
        "--console=read-only",
        "--capability=all",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        *binds,
    ]


def environment() -> dict[str, str]:
    """The environment of that command: only settings that have no option."""
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        # A machine's first process may set its network up, as the owner of it does.
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        # An EC2 instance filters no system calls, and containers on it need them.
        "SYSTEMD_SECCOMP": "0",
        # The root is inside the state folder: nobody else boots it.
        "SYSTEMD_NSPAWN_LOCK": "0",
    }
    if not hierarchies().is_hybrid:
        variables["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"
    return variables
