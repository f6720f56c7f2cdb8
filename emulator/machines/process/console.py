"""A machine's console output: what its processes print, of which the end is kept."""

import threading
import time
from pathlib import Path
from typing import IO

KEPT_BYTES = 64 * 1024
"""EC2 shows the last 64 KB (GetConsoleOutput)."""

KEPT_SECONDS = 3600
"""EC2 shows the output of a terminated instance for about an hour."""


class Console:
    """Copies a stream to a file, from a thread, and keeps the file small."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream
        self._thread = threading.Thread(target=self._copy, name=f"console {path.stem}", daemon=True)
        self._thread.start()

    def finish(self, *, patience_seconds: float) -> None:
        """Wait until the stream has ended, so that nothing printed is lost."""
        self._thread.join(patience_seconds)

    def _copy(self) -> None:
        while chunk := self._stream.read(KEPT_BYTES):
            append(self._path, chunk)
        self._stream.close()


def append(path: Path, data: bytes) -> None:
    """Add to a console's file; when it has grown to twice what is kept, its older half goes."""
    with path.open("ab") as file:
        file.write(data)
        grown = file.tell() > 2 * KEPT_BYTES
    if grown:
        fresh = path.with_suffix(".new")
        fresh.write_bytes(read(path))
        fresh.replace(path)


def read(path: Path) -> bytes:
    """The kept end of a console's output; nothing if there is none."""
    try:
        return path.read_bytes()[-KEPT_BYTES:]
    except FileNotFoundError:
        return b""


def remove_old(folder: Path, *, running: set[str]) -> None:
    """Remove the output of instances that ended long ago; `running` names those to keep in any case."""
    for path in folder.glob("*.log"):
        if path.stem not in running and time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)
