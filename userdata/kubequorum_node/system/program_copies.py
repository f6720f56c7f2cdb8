"""Copies of programs in the state bucket, each below its sha256: downloads as the lock file names them.

A boot takes from there what its image lacks, so that a replacement depends on nothing outside its region.
Masters put the copies there (`kubequorum_node.supply`).
"""

import hashlib
import threading
from pathlib import Path

from kubequorum_node.log import warning
from kubequorum_node.node import Node
from kubequorum_node.system.lockfile import Artifact

PREFIX = "programs/"
"""In the state bucket. The bucket's policy lets an object below it be written once."""


def key(sha256: str) -> str:
    """Where a download is in the state bucket."""
    return f"{PREFIX}{sha256}"


def listed(node: Node) -> set[str]:
    """The sums of all copies that there are."""
    return {entry.key.removeprefix(PREFIX) for entry in node.store.entries(PREFIX)}


def sha256_of(file: Path) -> str:
    """The checksum of a file."""
    with file.open("rb") as body:
        return hashlib.file_digest(body, "sha256").hexdigest()


def take(node: Node, sha256: str, target: Path) -> bool:
    """Copy one into a file; returns whether it is what its name says. A damaged one leaves no file.

    Raises:
        Exception: the bucket fails, or has no such copy.

    """
    node.store.download(key(sha256), target)
    if sha256_of(target) == sha256:
        return True
    target.unlink()
    return False


class BootCopies:
    """The copies as a boot uses them: whatever is wrong with them, it goes on without, and says so once.

    The bucket is listed first: one request says what is not there. And S3 answers 404 only to those who may
    list, and 403 to others, which a new role would retry.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._listed: set[str] | None = None

    def take(self, artifact: Artifact, target: Path) -> bool:
        """Copy one into a file if it is there and intact; returns whether the file is there."""
        if artifact.checksum not in self._there():
            return False
        try:
            if take(self._node, artifact.checksum, target):
                return True
        except Exception as error:
            target.unlink(missing_ok=True)
            self._give_up(f"{artifact.name} cannot be copied from the state bucket", error)
            return False
        warning(f"the state bucket's copy of {artifact.name} {artifact.version} is damaged: downloading it")
        return False

    def _there(self) -> set[str]:
        with self._lock:
            if self._listed is None:
                try:
                    self._listed = listed(self._node)
                except Exception as error:
                    self._listed = set()
                    self._warn("the state bucket's copies of programs cannot be listed", error)
            return self._listed

    def _give_up(self, what: str, error: Exception) -> None:
        """Each attempt at a bucket that fails lasts minutes, and the launch has a time limit."""
        with self._lock:
            first = bool(self._listed)
            self._listed = set()
        if first:
            self._warn(what, error)

    def _warn(self, what: str, error: Exception) -> None:
        warning(f"{what}: {error}; programs are downloaded from where the lock file says")
