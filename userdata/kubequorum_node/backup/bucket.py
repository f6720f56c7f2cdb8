"""What backups need of the bucket that they are in."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from kubequorum_node.aws.state_store import Entry


class Bucket(Protocol):
    """Objects that are written once, by several writers."""

    def create(self, key: str, body: bytes) -> None:
        """Write an object that must not be there yet.

        Raises:
            ObjectExistsError: it is there.

        """

    def create_from_file(self, key: str, path: Path) -> None:
        """Write an object from a file; see `create`."""

    def read(self, key: str) -> bytes | None:
        """An object's body; None if there is none."""

    def read_to_file(self, key: str, path: Path) -> bool:
        """Write an object's body to a file; False if there is none."""

    def entries(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Objects below a prefix, sorted by their keys, from the first one behind `after`."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; one that is not there is none of the caller's concern."""
