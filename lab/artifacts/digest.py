"""Digests: of a file, of a tree, and of everything that determines an artifact."""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any


def file_digest(path: Path) -> str:
    """Sha256 of a file's content, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_key(inputs: dict[str, Any]) -> str:
    """Sha256 over everything that determines an artifact, in hex.

    The values must be JSON; the order of keys does not matter.
    """
    canonical = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def tree_digest(root: Path) -> str:
    """Sha256 over the names, kinds, permissions and content of everything below `root`, in hex.

    Times and owners do not count.
    """
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files):
            path = Path(folder) / name
            status = path.lstat()
            kind = stat.S_IFMT(status.st_mode)
            line = [str(path.relative_to(root)), kind, stat.S_IMODE(status.st_mode)]
            if stat.S_ISREG(kind):
                line.append(file_digest(path))
            elif stat.S_ISLNK(kind):
                line.append(str(path.readlink()))
            digest.update(json.dumps(line).encode() + b"\n")
    return digest.hexdigest()


def tree_bytes(root: Path) -> int:
    """Bytes on disk of everything below `root`; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            try:
                status = os.lstat(os.path.join(folder, name))
            except FileNotFoundError:
                continue  # Another process may be removing its staging folder.
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                total += status.st_blocks * 512
    return total
