"""Slots: each has one master, and its record in the state bucket says that it is well."""

from collections.abc import Iterator

from kubequorum_cli.resources import IN_SERVICE
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_MEMBER = "member"
_KNOWN = ("ready", "unwell", "failed")
"""How an outcome begins that is none of something under way."""


def one_each(snapshot: Snapshot) -> Iterator[Finding]:
    """Slots with no master in service, or with several."""
    for slot in snapshot.slots:
        states = [f"{i.id} {i.lifecycle_state}" for i in snapshot.instances_of(slot)]
        in_service = [state for state in states if state.endswith(f" {IN_SERVICE}")]
        seen = ", ".join(states) or "no instance"
        if len(in_service) > 1:
            yield kinds.SLOT_CROWDED.of("slot", slot, seen)
        elif not in_service:
            planned = snapshot.is_being_deployed
            kind = kinds.SLOT_IN_PROGRESS if planned else kinds.SLOT_WITHOUT_MASTER
            yield kind.of("slot", slot, seen)


def quorum(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether enough masters are in service for etcd to work."""
    count, slots = len(snapshot.masters), snapshot.slots
    if slots and count <= len(slots) // 2 and not snapshot.is_being_created:
        yield kinds.NO_QUORUM.of("cluster", snapshot.cluster, f"{count} of {len(slots)} masters in service")


def records(snapshot: Snapshot) -> Iterator[Finding]:
    """What each slot's record says."""
    found, masters = snapshot.records.known, snapshot.masters
    for slot in snapshot.slots:
        record, master = found.get(slot), masters.get(slot)
        if record is None:
            if master is not None:
                yield kinds.RECORD_MISSING.of("slot", slot, f"{master.id} is in service")
            continue
        if record.outcome.startswith("failed"):
            yield kinds.MASTER_BOOT_FAILED.of("slot", slot, f"{record.instance}: {record.outcome}")
        if record.outcome.startswith("unwell"):
            yield kinds.MASTER_UNWELL.of("slot", slot, f"{record.instance}: {record.outcome}")
        if master is None or len(snapshot.instances_of(slot)) > 1:
            continue
        if record.instance != master.id:
            seen = f"it names {record.instance} ({record.outcome}), and {master.id} is in service"
            yield kinds.RECORD_OF_ANOTHER.of("slot", slot, seen)
        elif record.stage != _MEMBER:
            yield kinds.MASTER_JOINING.of("slot", slot, f"its member is {record.stage}")
        elif not record.outcome.startswith(_KNOWN):
            yield kinds.MASTER_BOOTING.of("slot", slot, f"{record.instance}: {record.outcome}")
