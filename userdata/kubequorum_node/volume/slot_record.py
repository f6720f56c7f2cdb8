"""The slot's record in the state bucket: what the slot has been. It tells a lost volume from a new one."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Self

from kubequorum_node.aws.state_store import NOT_THERE, PreconditionError, Stored
from kubequorum_node.clock import RetryPolicy
from kubequorum_node.errors import NodeError
from kubequorum_node.log import warning
from kubequorum_node.node import WORK_FOLDER, Node

FORMING = "forming"
"""The slot's member was allowed to begin, but nobody has seen it work yet."""
JOINING = "joining"
"""The slot's member lost its data and joins again, on the volume that the record names."""
MEMBER = "member"
"""The slot's member has worked: if its data are gone, they were lost."""
SHUTTING_DOWN = "shutting down"
"""The outcome of a host that shuts down, and boots again."""
HAS_LIVED = frozenset({JOINING, MEMBER})
"""Stages of a slot that must never begin with nothing."""

_VERSION = 1
_CONFLICTS = RetryPolicy(attempts=5, pause_seconds=0.1)
_REASON_LENGTH = 2000
_SEEN_FILE = f"{WORK_FOLDER}/slot-record.json"
"""The record as this host last read or wrote it, with its ETag; saves reads, and is never trusted alone."""


class SlotRecordError(NodeError):
    """The record cannot be read, or somebody else keeps writing it."""


@dataclass(frozen=True, kw_only=True)
class SlotRecord:
    """What the last master of a slot left behind."""

    volume: str
    """Id of the volume that holds the member's data."""
    generation: int
    """How many instances the slot has had."""
    instance: str
    """The instance that wrote this."""
    stage: str
    """FORMING, JOINING or MEMBER."""
    outcome: str = "booting"
    """`booting`, `ready`, `failed: …` from a boot, `unwell: …` from the watchdog, or SHUTTING_DOWN."""
    replaces: str = ""
    """The volume in user-data, if the record's has replaced it; empty if they are the same."""
    restore: int = 0
    """The number of the restore that the member's data come from; 0 if etcd was never restored."""
    kubernetes: str = ""
    """The version of Kubernetes that the slot's master runs."""
    name_known: bool = False
    """While it is FORMING: whether the slot's name leads to the instance everywhere."""
    written: str = ""
    """When, UTC."""
    version: int = _VERSION

    @property
    def has_booted(self) -> bool:
        """Whether the instance's last boot has ended well, and it has not been shut down since."""
        return self.outcome == "ready" or self.outcome.startswith("unwell")

    def to_json(self) -> str:
        """JSON for the bucket."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            SlotRecordError: it is something else, or has another version.

        """
        known = {field.name for field in fields(cls)}
        try:
            document = json.loads(text)
            if document["version"] != _VERSION:
                raise SlotRecordError(
                    f"the slot's record has version {document['version']}, but this node program reads "
                    f"version {_VERSION} only: deploy the release that wrote it"
                )
            # Keys of a later release are ignored: after a rollback its records must be readable.
            return cls(**{name: value for name, value in document.items() if name in known})
        except (ValueError, KeyError, TypeError) as error:
            raise SlotRecordError(
                f"the slot's record in the state bucket cannot be read ({error!r}): restore an earlier "
                "version of the object, for the bucket is versioned"
            ) from error


def key(slot: str) -> str:
    """Where the record of a slot is."""
    return f"slots/{slot}/record.json"


def read(node: Node) -> SlotRecord | None:
    """The slot's record as the bucket has it now; None if there is none."""
    return _record(_fetch(node))


def of_slot(node: Node, slot: str) -> SlotRecord | None:
    """The record of any slot, as the bucket has it now; None if there is none."""
    return _record(node.store.get(key(slot)))


def volume_id_of(record: SlotRecord | None, node: Node) -> str:
    """Id of the slot's volume: user-data's, or the one that has replaced it.

    A deployment with another volume in user-data means that one, and no replacement of the one before.
    """
    if record is not None and record.replaces == node.config.etcd_volume_id:
        return record.volume
    return node.config.etcd_volume_id


def occupied(old: SlotRecord | None, node: Node, *, volume_id: str, stage: str) -> SlotRecord:
    """The record once this instance is in the slot.

    Args:
        old: what the slot had before.
        node: the node.
        volume_id: the volume that has the member's data from now on.
        stage: FORMING, JOINING or MEMBER.

    """
    instance = node.identity.instance_id
    before = 0 if old is None else old.generation
    again = old is not None and old.instance == instance
    planned = node.config.etcd_volume_id
    return SlotRecord(
        volume=volume_id,
        replaces="" if volume_id == planned else planned,
        generation=before if again else before + 1,
        instance=instance,
        stage=stage,
        kubernetes=node.document.kubernetes_version,
        restore=0 if old is None else old.restore,
    )


def update(node: Node, change: Callable[[SlotRecord | None], SlotRecord]) -> SlotRecord:
    """Change the record and write it on condition; one that changed since it was read is read again.

    Args:
        node: the node.
        change: makes the new record from the old one; called again after a conflict.

    Returns the record as it is now.

    Raises:
        SlotRecordError: it changed again each time.

    """
    seen = _seen(node)

    def attempt() -> SlotRecord:
        stored, trusted = (seen.pop(), False) if seen else (_fetch(node), True)
        old = _record(stored)
        new = change(old)
        if old is not None and replace(new, written=old.written) == old:
            # Only what the bucket has right now can make writing unnecessary.
            return old if trusted else attempt()
        new = replace(new, written=_now())
        body = new.to_json()
        etag = node.store.put(key(node.slot), body, only_if=NOT_THERE if stored is None else stored.etag)
        _remember(node, Stored(body.encode(), etag))
        return new

    try:
        return node.clock.retry(
            attempt,
            _CONFLICTS,
            retry_if=lambda failure: isinstance(failure, PreconditionError),
            on_retry=lambda failure: warning(f"{failure}: reading it again"),
        )
    except PreconditionError as error:
        raise SlotRecordError(
            f"s3://{node.config.bucket}/{key(node.slot)} changed {_CONFLICTS.attempts} times while it was "
            f"being written: another instance claims slot {node.slot}. Terminate the one that should not be "
            "there"
        ) from error


def finish(node: Node, *, volume_id: str) -> None:
    """Write that the slot's member works, with its data on this volume."""

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is None:
            raise SlotRecordError(f"s3://{node.config.bucket}/{key(node.slot)} was deleted during the boot")
        return replace(occupied(old, node, volume_id=volume_id, stage=MEMBER), outcome="ready")

    update(node, change)


def note(node: Node, outcome: str) -> None:
    """Write how the slot's master is, if the record is this instance's."""

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is None or old.instance != node.identity.instance_id:
            raise SlotRecordError(f"the record of slot {node.slot} is not this instance's: {outcome}")
        return replace(old, outcome=outcome[:_REASON_LENGTH])

    update(node, change)


def fail(node: Node, reason: str) -> None:
    """Write why a boot failed. A slot that has no record yet stays without one."""
    stored = _fetch(node)
    old = _record(stored)
    if stored is None or old is None:
        warning("the reason is not written to the state bucket: the slot has no record yet")
        return
    if old.instance != node.identity.instance_id:
        return
    failed = replace(old, outcome=f"failed: {reason[:_REASON_LENGTH]}", written=_now())
    node.store.put(key(node.slot), failed.to_json(), only_if=stored.etag)


def _fetch(node: Node) -> Stored | None:
    stored = node.store.get(key(node.slot))
    _remember(node, stored)
    return stored


def _remember(node: Node, stored: Stored | None) -> None:
    seen = None if stored is None else {"body": stored.text, "etag": stored.etag}
    node.host.write(_SEEN_FILE, json.dumps(seen), mode=0o600)


def _seen(node: Node) -> list[Stored | None]:
    """The record as this host saw it last; empty if it never did."""
    text = node.host.read(_SEEN_FILE)
    if text is None:
        return []
    seen = json.loads(text)
    return [None if seen is None else Stored(seen["body"].encode(), seen["etag"])]


def _record(stored: Stored | None) -> SlotRecord | None:
    return None if stored is None else SlotRecord.from_json(stored.text)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
