"""One command at a time may change what runs here."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.cli.errors import CommandError


@contextmanager
def exclusive(path: Path, *, command: str) -> Iterator[None]:
    """Hold the lock while the block runs; CommandError if another command has it.

    The operating system lets go of it when its holder dies, in whatever way.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(file, 200, 0).decode(errors="replace").strip()
            raise CommandError(
                f"`{command}` cannot run now",
                why=f"another command is at work: {holder or 'unknown'}",
                remedy="wait until it has ended, or end it",
            ) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"`{command}`, process {os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(file, 0)
    finally:
        os.close(file)
