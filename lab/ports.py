"""Finds a free port on loopback, and who uses one that is not free."""

import shutil
import socket
import subprocess
from pathlib import Path

from kubequorum_cli.errors import CommandError
from lab.settings import PORTS_TO_TRY

_LISTEN = "0A"


def is_free(port: int) -> bool:
    """Whether a server could listen on it now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: closing connections of an earlier server do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def next_free(first: int) -> int:
    """The first free port from `first` on.

    Raises:
        CommandError: there is none in reach.
    """
    for port in range(first, min(first + PORTS_TO_TRY, 65536)):
        if is_free(port):
            return port
    raise CommandError(
        f"no free port for the embedded AWS between {first} and {first + PORTS_TO_TRY - 1}",
        why=f"{first} is used by {holder(first)}",
        remedy="stop one of the programs that listen there",
    )


def holder(port: int) -> str:
    """Which process listens on the port, as far as this user may see."""
    if Path("/proc/net/tcp").exists():
        return _holder_from_proc(port)
    if shutil.which("lsof"):
        lsof = ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
        lines = subprocess.run(lsof, capture_output=True, text=True, check=False).stdout.splitlines()
        fields = {line[0]: line[1:] for line in lines if line}
        if "p" in fields:
            return f"process {fields['p']} ({fields.get('c', '?')})"
    return "another process"


def _holder_from_proc(port: int) -> str:
    inodes = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        for row in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = row.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                return f"process {process.name} ({command[:80]})"
        except OSError:
            continue
    return "a process of another user"
