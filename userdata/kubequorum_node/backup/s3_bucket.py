"""The state bucket, as backups need it."""

from collections.abc import Iterator, Sequence
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
    """Objects in the state bucket."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def create(self, key: str, body: bytes) -> None:
        """See Bucket."""
        try:
            self._store.put(key, body, only_if=NOT_THERE)
        except PreconditionError as error:
            raise ObjectExistsError(str(error)) from error

    def create_from_file(self, key: str, path: Path) -> None:
        """See Bucket."""
        try:
            self._store.create(key, path)
        except PreconditionError as error:
            raise ObjectExistsError(str(error)) from error

    def read(self, key: str) -> bytes | None:
        """See Bucket."""
        found = self._store.get(key)
        return None if found is None else found.body

    def read_to_file(self, key: str, path: Path) -> bool:
        """See Bucket."""
        try:
            self._store.download(key, path)
        except MissingObjectError:
            return False
        return True

    def entries(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """See Bucket."""
        return self._store.entries(prefix, after=after)

    def delete(self, keys: Sequence[str]) -> None:
        """See Bucket."""
        self._store.delete(keys)
