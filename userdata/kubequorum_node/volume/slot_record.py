"""The slot's record in the state bucket: what the slot was, so that a lost volume is told from a new one."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Self

from kubequorum_node.aws.state_store import NOT_THERE, PreconditionError, Stored
from kubequorum_node.errors import NodeError
from kubequorum_node.log import say
from kubequorum_node.node import Node

FORMING = "forming"
"""The slot's member was allowed to begin, but nobody has seen it work yet."""
JOINING = "joining"
"""The slot's member lost its data and joins anew, on the volume that the record names."""
MEMBER = "member"
"""The slot's member has worked: if its data are gone, they were lost."""
HAS_LIVED = frozenset({JOINING, MEMBER})
"""Stages of a slot that must never begin with nothing."""

_VERSION = 1
_CONFLICTS_BORNE = 5
_REASON_LENGTH = 2000


class SlotRecordError(NodeError):
    """The record cannot be read, or somebody else goes on writing it."""


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
    """`booting`, `ready`, or why the last boot failed."""
    replaces: str = ""
    """The volume that user-data names, if the record's took its place; empty if they are the same."""
    written: str = ""
    """When, UTC."""
    version: int = _VERSION

    def to_json(self) -> str:
        """JSON for the bucket."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            SlotRecordError: it is something else, or of another version.

        """
        known = {field.name for field in fields(cls)}
        try:
            document = json.loads(text)
            if document["version"] != _VERSION:
                raise SlotRecordError(
                    f"the slot's record has version {document['version']}, this program knows {_VERSION}"
                )
            # What a later program has added is passed over: after a roll-back its records must be readable.
            return cls(**{name: value for name, value in document.items() if name in known})
        except (ValueError, KeyError, TypeError) as error:
            raise SlotRecordError(
                f"the slot's record in the state bucket cannot be read: {error!r}"
            ) from error


def key(slot: str) -> str:
    """Where the record of a slot is."""
    return f"slots/{slot}/record.json"


def volume(node: Node) -> str:
    """Id of the slot's volume: user-data's, or the one that took its place when it was lost.

    Whoever deploys with another volume in user-data means that one: what replaced the old one counts no more.
    """
    if node.volume is None:
        node.volume = volume_of(_record(_read(node)), node)
    return node.volume


def volume_of(record: SlotRecord | None, node: Node) -> str:
    """The same, by a record that was read."""
    replaced = record is not None and record.replaces == node.config.etcd_volume_id
    return record.volume if record is not None and replaced else node.config.etcd_volume_id


def occupied(old: SlotRecord | None, node: Node, *, stage: str) -> SlotRecord:
    """The record once this instance is in the slot; `old` is what the slot had before."""
    instance = node.identity.instance_id
    before = 0 if old is None else old.generation
    again = old is not None and old.instance == instance
    volume_id = volume_of(old, node)
    return SlotRecord(
        volume=volume_id,
        replaces=node.config.etcd_volume_id if volume_id != node.config.etcd_volume_id else "",
        generation=before if again else before + 1,
        instance=instance,
        stage=stage,
    )


def update(node: Node, change: Callable[[SlotRecord | None], SlotRecord]) -> None:
    """Change and write with a condition; a record that changed since it was read is read again.

    What this program has read or written before is taken for what is there, for the condition tells.

    Raises:
        SlotRecordError: it changed again and again.

    """
    stored = node.record or _read(node)
    for _ in range(_CONFLICTS_BORNE):
        old = _record(stored)
        new = change(old)
        if old is not None and replace(new, written=old.written) == old:
            return
        try:
            body = replace(new, written=_now()).to_json()
            etag = node.store.put(key(node.slot), body, only_if=NOT_THERE if stored is None else stored.etag)
        except PreconditionError as error:
            say(f"{error}: reading it again")
            stored = _read(node)
        else:
            node.record = Stored(body, etag)
            return
    raise SlotRecordError(
        f"s3://{node.config.bucket}/{key(node.slot)} changed {_CONFLICTS_BORNE} times while it was written: "
        "is another instance in this slot?"
    )


def finish(node: Node) -> None:
    """Write that the slot's member works, with its data on this volume."""

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is None:
            raise SlotRecordError(f"s3://{node.config.bucket}/{key(node.slot)} was deleted during the boot")
        return replace(occupied(old, node, stage=MEMBER), outcome="ready")

    update(node, change)


def note(node: Node, outcome: str) -> None:
    """Write how the slot's master is, if it is this instance's record."""

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is None or old.instance != node.identity.instance_id:
            raise SlotRecordError(f"the record of slot {node.slot} is not this instance's: {outcome}")
        return replace(old, outcome=outcome[:_REASON_LENGTH])

    update(node, change)


def fail(node: Node, reason: str) -> None:
    """Write why a boot failed; a slot that has no record yet stays without."""
    stored = node.store.get(key(node.slot))
    if stored is None:
        say("no slot record yet to put the reason into")
        return
    old = SlotRecord.from_json(stored.body)
    if old.instance != node.identity.instance_id:
        return
    failed = replace(old, outcome=f"failed: {reason[:_REASON_LENGTH]}", written=_now())
    node.store.put(key(node.slot), failed.to_json(), only_if=stored.etag)


def _read(node: Node) -> Stored | None:
    node.record = node.store.get(key(node.slot))
    return node.record


def _record(stored: Stored | None) -> SlotRecord | None:
    return None if stored is None else SlotRecord.from_json(stored.body)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
