"""Replaying log objects on a private etcd: one transaction a revision."""

import hashlib
from base64 import b64decode
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from kubequorum_node.backup.changes import Event, Revision
from kubequorum_node.backup.errors import BackupError, EtcdRefusedError
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.log_object import LogObject

_UNKNOWN_LEASE_SECONDS = 60
"""For a lease that had ended before it was asked about: its keys must not stay for ever."""
_LEASE_ENDED = "requested lease not found"
_PART_BYTES = 6 << 20
"""Of base64 in one transaction: a revision that deletes or puts more is replayed in parts."""
_PART_OPERATIONS = 5000
_CHECKED_AT_ONCE = 64


class Replay:
    """Applies changes, and remembers what each touched key must be at the end."""

    def __init__(self, gateway: Gateway, *, after: int) -> None:
        """Begin.

        Args:
            gateway: the private etcd.
            after: the revision in the snapshot FILE that it was restored from. Its own may be a later one: a
                lease that ends while it runs deletes keys, and that counts as a revision.

        """
        self._gateway = gateway
        self._leases = set(gateway.leases())
        self._touched: dict[str, bytes | None] = {}
        self.revision = after
        """The newest one that was applied."""
        self.events = 0

    def apply(self, log: LogObject, *, until: int | None = None) -> None:
        """Apply what of a log object is newer than what was applied.

        Args:
            log: the object.
            until: the last revision wanted; None for all.

        Raises:
            BackupError: it does not continue what was applied.

        """
        for revision in log.revisions:
            if revision.number <= self.revision or (until is not None and revision.number > until):
                continue
            if revision.number != self.revision + 1:
                raise BackupError(f"revisions {self.revision + 1} to {revision.number - 1} are missing")
            self._apply(revision, log.leases)
            self.revision = revision.number

    def check(self) -> int:
        """Compare each key that was touched with the last change of it; returns how many there were.

        Raises:
            BackupError: the private etcd has something else.

        """
        keys = iter(self._touched.items())
        while part := list(islice(keys, _CHECKED_AT_ONCE)):
            answer = self._gateway.txn(success=[{"request_range": {"key": key}} for key, _ in part])
            for (key, wanted), response in zip(part, answer["responses"], strict=True):
                found = response["response_range"].get("kvs", [])
                value = _digest(found[0].get("value", "")) if found else None
                if value != wanted:
                    raise BackupError(
                        f"{b64decode(key).decode(errors='replace')} is not what the log made of it"
                    )
        return len(self._touched)

    def _apply(self, revision: Revision, granted: dict[int, int]) -> None:
        for event in revision.events:
            if event.lease:
                self._grant(event.lease, granted.get(event.lease, _UNKNOWN_LEASE_SECONDS))
            self._touched[event.key] = None if event.value is None else _digest(event.value)
        for part in _parts(revision.events):
            operations = [_operation(event) for event in part]
            try:
                self._gateway.txn(success=operations)
            except EtcdRefusedError as error:
                if _LEASE_ENDED not in str(error):
                    raise
                # It has ended here, and in the living cluster it had not.
                for lease in {event.lease for event in part if event.lease}:
                    self._leases.discard(lease)
                    self._grant(lease, granted.get(lease, _UNKNOWN_LEASE_SECONDS))
                self._gateway.txn(success=operations)
        self.events += len(revision.events)

    def _grant(self, lease: int, seconds: int) -> None:
        """Make the lease of a key, with the seconds for which it was granted."""
        if lease in self._leases:
            return
        try:
            self._gateway.grant_lease(seconds, lease=lease)
        except EtcdRefusedError as error:
            if "already exists" not in str(error):
                raise
        self._leases.add(lease)


def _parts(events: Sequence[Event]) -> Iterator[list[Event]]:
    """All events in one part, unless they are too many for a transaction."""
    part, size = list[Event](), 0
    for event in events:
        length = len(event.key) + len(event.value or "")
        if part and (size + length > _PART_BYTES or len(part) == _PART_OPERATIONS):
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    yield part


def _operation(event: Event) -> dict[str, Any]:
    if event.value is None:
        return {"request_delete_range": {"key": event.key}}
    return {"request_put": {"key": event.key, "value": event.value, "lease": str(event.lease)}}


def _digest(value: str) -> bytes:
    return hashlib.blake2b(value.encode(), digest_size=16).digest()
