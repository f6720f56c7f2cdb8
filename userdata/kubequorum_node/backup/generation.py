"""Generations of the data: each cluster of etcd writes a chain of its own.

A restored cluster has a new cluster id, and so begins a new generation with a higher number. A late writer of
the old cluster stays in the old one.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from kubequorum_node.backup import names
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.errors import BackupError, ObjectExistsError

_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One generation."""

    number: int
    cluster_id: str
    begun: str
    """When its first backup was made (ISO 8601)."""


def all_of(bucket: Bucket) -> list[Generation]:
    """All generations, oldest first.

    Raises:
        BackupError: the record of one cannot be read.

    """
    return [_read(bucket, entry.key) for entry in bucket.entries(names.GENERATIONS)]


def newest(bucket: Bucket) -> Generation:
    """The newest generation.

    Raises:
        BackupError: there is none.

    """
    found = all_of(bucket)
    if not found:
        raise BackupError(f"there is no backup in the bucket: nothing below {names.GENERATIONS}")
    return found[-1]


def of_cluster(bucket: Bucket, cluster_id: str, *, now: datetime) -> Generation:
    """The generation that a cluster of etcd writes to; begun if it has none.

    Raises:
        BackupError: others begin generations all the time.

    """
    for _ in range(_ATTEMPTS):
        found = all_of(bucket)
        mine = [generation for generation in found if generation.cluster_id == cluster_id]
        if mine:
            return mine[-1]
        try:
            return begin(bucket, cluster_id, after=found[-1].number if found else 0, now=now)
        except ObjectExistsError:
            continue
    raise BackupError(f"no number is free for a generation of cluster {cluster_id}")


def begin(bucket: Bucket, cluster_id: str, *, after: int, now: datetime) -> Generation:
    """Begin the next generation.

    Raises:
        ObjectExistsError: somebody else has begun it.

    """
    made = Generation(
        number=after + 1, cluster_id=cluster_id, begun=now.astimezone(UTC).isoformat(timespec="seconds")
    )
    body = json.dumps({"cluster_id": made.cluster_id, "begun": made.begun}, sort_keys=True)
    bucket.create(names.generation_key(made.number), f"{body}\n".encode())
    return made


def _read(bucket: Bucket, key: str) -> Generation:
    try:
        document = json.loads(bucket.read(key) or b"")
        return Generation(
            number=int(key.removeprefix(names.GENERATIONS)),
            cluster_id=str(document["cluster_id"]),
            begun=str(document["begun"]),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise BackupError(f"{key} is not the record of a generation: {error!r}") from error
