"""A lock: one command at a time may change what runs here."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubequorum_cli.errors import CommandError


@contextmanager
def exclusive(path: Path, *, command: str) -> Iterator[None]:
    """Hold the lock while the block runs.

    The operating system releases it when its holder dies. The file is removed at the end.

    Raises:
        CommandError: another command holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = _open_locked(path, command)
    try:
        os.pwrite(file, f"`{command}`, process {os.getpid()}\n".encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _open_locked(path: Path, command: str) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(file, 200, 0).decode(errors="replace").strip()
            os.close(file)
            raise CommandError(
                f"`{command}` cannot run now",
                why=f"another command runs: {holder or 'it has just started'}",
                remedy="wait until it ends, or stop it",
            ) from error
        # The last holder may have removed the file between our opening and our locking it.
        if _is_same(path, file):
            os.ftruncate(file, 0)
            return file
        os.close(file)


def _is_same(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
