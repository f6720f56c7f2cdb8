"""A tar.gz that only its owner can read, and that is there as a whole or not at all."""

import io
import os
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubequorum_cli.errors import CommandError


class Archive:
    """Gets files, from any thread."""

    def __init__(self, tar: tarfile.TarFile, folder: str) -> None:
        self._tar = tar
        self._folder = folder
        self._lock = threading.Lock()

    def add(self, path: str, content: bytes) -> None:
        """Add a file, below the archive's one folder."""
        entry = tarfile.TarInfo(f"{self._folder}/{path}")
        entry.size = len(content)
        entry.mode = 0o600
        entry.mtime = int(time.time())
        with self._lock:
            self._tar.addfile(entry, io.BytesIO(content))


@contextmanager
def writing(path: Path, *, folder: str) -> Iterator[Archive]:
    """An archive that appears at the end; not if there is an exception.

    Raises:
        CommandError: it cannot be written there.
    """
    fresh: Path | None = None
    try:
        # Mode 0600 from the first moment.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        fresh = Path(name)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
            yield Archive(tar, folder)
        fresh.replace(path)
        fresh = None
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written", why=str(error), remedy="name another file: --output FILE"
        ) from error
    finally:
        if fresh is not None:
            fresh.unlink(missing_ok=True)
