"""Requests to restore etcd from its backups: the newest one says which restore every slot's data must be of.

A request is written once, by the operator's program, and never changed; its number only grows.
"""

import json
from dataclasses import dataclass, field, fields, replace
from typing import Self

from kubequorum_node.errors import NodeError
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record

REQUESTS = "restores/requests/"
_CLAIMS = "restores/claims/"
EXPIRES_SECONDS = 24 * 3600.0
"""A request that no master has begun in this time counts no more: otherwise one that was forgotten would turn
the cluster's data back whenever masters boot the next time."""
_VERSIONS = (1, 2)
"""2 has `source`: a release that does not know it would restore the cluster's own backups instead."""
_CHECK_SECONDS = 3.0
"""A waiting master looks no more often than that: each look is two requests to S3."""


class RestoreRequestError(NodeError):
    """A request cannot be read."""


class RequestGoneError(NodeError):
    """The slot's data come from a restore whose request is no longer in the state bucket."""


class RestoreRequestedError(NodeError):
    """A restore was requested that this slot has not carried out: waiting for anything else is pointless."""


@dataclass(frozen=True, kw_only=True)
class RestoreRequest:
    """What all masters are to restore."""

    number: int
    """1 for the cluster's first restore. 0 stands for data that come from no restore."""
    generation: int
    """Of the backups, whose chain is restored."""
    revision: int
    """The newest revision wanted, as that generation counts."""
    or_newer: bool
    """Whether a newer one is taken if the chain has it by then."""
    bump_revision: int
    """By how much revisions grow, so that they are above all that any client has ever seen."""
    source: str = ""
    """Where copies of another cluster's backups are in the state bucket, as a prefix of their keys there;
    empty if the cluster's own backups are restored."""
    settings: dict[str, str] = field(default_factory=dict)
    """What the data fix, by keys of the cluster file: another cluster's ranges of addresses."""
    version: int = 1

    @classmethod
    def from_json(cls, text: str, *, key: str) -> Self:
        """Read a request.

        Raises:
            RestoreRequestError: it is something else, or has another version.

        """
        known = {field.name for field in fields(cls)}
        try:
            document = json.loads(text)
            if document["version"] not in _VERSIONS:
                raise RestoreRequestError(
                    f"{key} has version {document['version']}, and this node program reads "
                    f"{' and '.join(map(str, _VERSIONS))} only: request the restore with the release that is "
                    "deployed"
                )
            # What else there is, the operator's program has noted for people.
            found = cls(**{name: value for name, value in document.items() if name in known})
            return replace(found, settings={str(k): str(v) for k, v in dict(found.settings).items()})
        except (ValueError, KeyError, TypeError) as error:
            raise RestoreRequestError(
                f"{key} in the state bucket is not a request to restore ({error!r}): request another restore"
            ) from error


def key(number: int) -> str:
    """Where a request is."""
    return f"{REQUESTS}{number:06d}.json"


def claim_key(number: int) -> str:
    """Where the master that rebuilds the data of a request says so: with that the request is begun."""
    return f"{_CLAIMS}{number:06d}"


def newest(node: Node) -> RestoreRequest | None:
    """The newest request that counts; None if etcd was never restored.

    Raises:
        RestoreRequestError: it cannot be read.

    """
    for entry in reversed(list(node.store.entries(REQUESTS))):
        stored = node.store.get(entry.key)
        request = RestoreRequest.from_json("" if stored is None else stored.text, key=entry.key)
        if key(request.number) != entry.key:
            raise RestoreRequestError(
                f"{entry.key} in the state bucket says that it is number {request.number}: request another "
                "restore"
            )
        age = node.clock.wall_time() - entry.written.timestamp()
        if age < EXPIRES_SECONDS or node.store.get(claim_key(request.number)) is not None:
            return request
    return None


def due(node: Node) -> RestoreRequest | None:
    """The newest request, if this slot has not carried it out by its record; otherwise None."""
    if (request := newest(node)) is None:
        return None
    record = slot_record.read(node)
    done = 0 if record is None else record.restore
    return request if done < request.number else None


def require_known(node: Node, restore: int, *, newest: int) -> None:
    """Check that the restore that data come from is not newer than the newest request.

    Raises:
        RequestGoneError: it is: somebody has deleted the request, and other masters would do without it.

    """
    if restore > newest:
        raise RequestGoneError(
            f"the data of slot {node.slot} come from restore {restore}, and the newest request in "
            f"s3://{node.config.bucket}/{REQUESTS} is {newest or 'gone'}: bring back the deleted version of "
            "that object, for the bucket is versioned"
        )


class RestoreWatch:
    """Looks for a request while this master waits for something that a restore makes pointless."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._last: float | None = None

    def check(self) -> None:
        """Look, unless that was a moment ago.

        Raises:
            RestoreRequestedError: a restore is due.

        """
        now = self._node.clock.now()
        if self._last is not None and now - self._last < _CHECK_SECONDS:
            return
        self._last = now
        if (request := due(self._node)) is not None:
            raise RestoreRequestedError(
                f"restore {request.number} was requested, and slot {self._node.slot} has not carried it out: "
                "the slot's master does so when it boots"
            )
