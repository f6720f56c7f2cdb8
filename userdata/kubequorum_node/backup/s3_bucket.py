"""The state bucket, as backups need it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kubequorum_node.aws.state_store import (
    NOT_THERE,
    Entry,
    MissingObjectError,
    PreconditionError,
    StateStore,
)
from kubequorum_node.backup.errors import ObjectExistsError


class S3Bucket:
    """Objects in the state bucket.

    Args:
        store: the state bucket.
        prefix: what all keys have there before the names that they have here.

    """

    def __init__(self, store: StateStore, *, prefix: str = "") -> None:
        self._store = store
        self._prefix = prefix

    def create(self, key: str, body: bytes) -> None:
        """See Bucket."""
        try:
            self._store.put(self._prefix + key, body, only_if=NOT_THERE)
        except PreconditionError as error:
            raise ObjectExistsError(str(error)) from error

    def create_from_file(self, key: str, path: Path) -> None:
        """See Bucket."""
        try:
            self._store.create(self._prefix + key, path)
        except PreconditionError as error:
            raise ObjectExistsError(str(error)) from error

    def read(self, key: str) -> bytes | None:
        """See Bucket."""
        found = self._store.get(self._prefix + key)
        return None if found is None else found.body

    def read_to_file(self, key: str, path: Path) -> bool:
        """See Bucket."""
        try:
            self._store.download(self._prefix + key, path)
        except MissingObjectError:
            return False
        return True

    def entries(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """See Bucket."""
        begin = self._prefix + after if after else ""
        for entry in self._store.entries(self._prefix + prefix, after=begin):
            yield replace(entry, key=entry.key.removeprefix(self._prefix))

    def delete(self, keys: Sequence[str]) -> None:
        """See Bucket."""
        self._store.delete([self._prefix + key for key in keys])
