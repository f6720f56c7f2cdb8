"""The cache of finished artifacts: content-addressed, complete or absent, safe for concurrent processes.

    <root>/programs/<name>-<key>/  content/ and entry.json; likewise in images/, roots/, toolchains/, …
    <root>/staging/                what is being made; emptied by the next process that holds the lock
    <root>/go/                     Go's build and module caches, only while building
    <root>/logs/                   the output of the last build of each artifact
    <root>/lock                    held by the process that changes anything of the above

An entry appears by one rename of a finished folder, so readers need no lock.
"""

import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.artifacts.digest import tree_bytes, tree_digest
from lab.artifacts.errors import ArtifactError
from lab.artifacts.progress import Event, Progress

CONTAINERD = "containerd"
"""Images as containerd has unpacked them."""
KINDS = ("programs", "images", "roots", "toolchains", CONTAINERD)
_ENTRY_FILE = "entry.json"
_CONTENT = "content"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A finished artifact."""

    kind: str
    name: str
    key: str
    source: str
    """Where it came from, for a person: `upstream`, `mirror /srv/releases`, `built with go1.26.8`."""
    digest: str
    """`tree_digest` of the content when it was published."""
    seconds: float
    bytes: int
    peak_process_bytes: int | None = None
    """Resident memory of the largest process of the build; None if nothing was built."""
    path: Path = field(default=Path())

    @property
    def content(self) -> Path:
        """The folder with the artifact's files."""
        return self.path / _CONTENT


class Cache:
    """The folder of finished artifacts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def go_dir(self) -> Path:
        """Where Go keeps its caches while building."""
        return self.root / "go"

    def log_path(self, name: str) -> Path:
        """The log of an artifact's build."""
        return self.root / "logs" / f"{name}.log"

    def find(self, kind: str, name: str, key: str) -> Entry | None:
        """Look up the entry with this key and mark it as used now; None if there is none."""
        path = self._path(kind, name, key)
        entry = _read_entry(path)
        if entry is not None:
            os.utime(path / _ENTRY_FILE)
        return entry

    def entries(self) -> list[Entry]:
        """All entries, the least recently used first."""
        found = [
            entry
            for kind in KINDS
            for path in (self.root / kind).glob("*")
            if (entry := _read_entry(path)) is not None
        ]
        return sorted(found, key=lambda entry: (entry.path / _ENTRY_FILE).stat().st_mtime)

    @contextmanager
    def lock(self, progress: Progress) -> Iterator[int]:
        """Hold the cache's lock; waits for other processes and reports that.

        Yields the lock's file descriptor. A build's child processes should inherit it: then the lock lasts
        until the last of them is gone, even when this process is killed and they are not.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            began = time.monotonic()
            reported = -1e9
            while not _try_lock(descriptor):
                waited = time.monotonic() - began
                if waited - reported >= 15:
                    reported = waited
                    holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
                    message = f"process {holder}, or a child of it, holds the lock of {self.root}; waiting"
                    progress(Event(what="cache", message=message, elapsed_seconds=waited))
                time.sleep(0.2)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            remove_tree(self.root / "staging")
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder in which to make an artifact; hold the lock while it is used."""
        parent = self.root / "staging"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield folder
        finally:
            remove_tree(folder)

    def publish(
        self,
        content: Path,
        *,
        kind: str,
        name: str,
        key: str,
        source: str,
        seconds: float,
        peak_process_bytes: int | None = None,
    ) -> Entry:
        """Move a finished folder out of `staging` into its place; hold the lock while doing so."""
        entry = Entry(
            kind=kind,
            name=name,
            key=key,
            source=source,
            digest=tree_digest(content),
            seconds=round(seconds, 1),
            bytes=tree_bytes(content),
            peak_process_bytes=peak_process_bytes,
            path=self._path(kind, name, key),
        )
        package = content.parent / f"{content.name}.publish"
        package.mkdir()
        content.rename(package / _CONTENT)
        document = {name: value for name, value in asdict(entry).items() if name != "path"}
        with (package / _ENTRY_FILE).open("w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=2)
            stream.write("\n")
        # Everything must be on the disk before the name is: a power loss leaves no incomplete entry either.
        os.sync()
        entry.path.parent.mkdir(parents=True, exist_ok=True)
        if entry.path.exists():
            # An entry that cannot be read (find() returned None) is replaced.
            entry.path.rename(package / "replaced")
        package.rename(entry.path)
        remove_tree(entry.path / "replaced")
        return entry

    def damaged(self) -> list[Entry]:
        """Entries whose content has changed since it was published."""
        return [entry for entry in self.entries() if tree_digest(entry.content) != entry.digest]

    def total_bytes(self) -> int:
        """Bytes on disk of the whole cache."""
        return tree_bytes(self.root) if self.root.exists() else 0

    def finished_bytes(self) -> int:
        """The same without Go's caches: an interrupted build leaves them, and the next one removes them."""
        return self.total_bytes() - (tree_bytes(self.go_dir) if self.go_dir.exists() else 0)

    def remove(self, entry: Entry) -> None:
        """Remove an entry; hold the lock while doing so.

        Raises:
            ArtifactError: something is mounted from it.
        """
        # Renamed first: an interrupted removal must not leave an incomplete entry under its name.
        if in_use(entry.path):
            raise ArtifactError(f"{entry.path} is in use by a mount; stop what runs on it first")
        with self.staging() as doomed:
            entry.path.rename(doomed / "entry")

    def trim_go(self) -> None:
        """Remove Go's caches; hold the lock while doing so."""
        remove_tree(self.go_dir)

    def _path(self, kind: str, name: str, key: str) -> Path:
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not a kind of artifact; the kinds are {', '.join(KINDS)}")
        return self.root / kind / f"{name}-{key[:16]}"


def in_use(path: Path) -> bool:
    """Whether a mount of this mount namespace uses the path, as source, target or overlay layer."""
    return str(path) in Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def remove_tree(path: Path) -> None:
    """Remove a folder if it exists, including read-only folders below it (Go's module cache)."""

    def make_writable(_function: Callable[..., Any], failed: str, _error: Any) -> None:
        os.chmod(os.path.dirname(failed), stat.S_IRWXU)
        if os.path.isdir(failed) and not os.path.islink(failed):
            os.chmod(failed, stat.S_IRWXU)
            shutil.rmtree(failed, onerror=make_writable)
        else:
            os.unlink(failed)

    if in_use(path):
        # Something is mounted in it or from it: the removal could reach what is mounted.
        raise ArtifactError(f"{path} is in use by a mount (see /proc/self/mountinfo); unmount that first")
    if path.exists():
        shutil.rmtree(path, onerror=make_writable)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_entry(path: Path) -> Entry | None:
    try:
        document = json.loads((path / _ENTRY_FILE).read_text(encoding="utf-8"))
        return Entry(**document, path=path)
    except (OSError, ValueError, TypeError):
        return None
