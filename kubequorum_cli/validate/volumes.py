"""The slots' volumes."""

from collections.abc import Iterator

from kubequorum_cli.report.model import Volume
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_GOING = ("deleting", "deleted")


def there(snapshot: Snapshot) -> Iterator[Finding]:
    """Volumes that are gone, or that EC2 has given up."""
    for slot in snapshot.slots:
        volume, id_ = _of_slot(snapshot, slot)
        if volume is None or volume.state in _GOING:
            state = "does not exist" if volume is None else f"is {volume.state}"
            if id_:
                yield kinds.VOLUME_MISSING.of(
                    "volume", id_, f"slot {slot}: by its record it has {id_}, which {state}"
                )
            elif not any(each.slot == slot for each in snapshot.volumes.known):
                yield kinds.VOLUME_MISSING.of("slot", slot, "no volume has the tags of the slot")
        elif volume.state == "error":
            yield kinds.VOLUME_FAILED.of("volume", volume.id, f"slot {slot}: its state is error")


def attached(snapshot: Snapshot) -> Iterator[Finding]:
    """Volumes that are not where they belong."""
    masters = snapshot.masters
    for slot in snapshot.slots:
        volume, _ = _of_slot(snapshot, slot)
        if volume is None:
            continue
        master, its = masters.get(slot), {instance.id for instance in snapshot.instances_of(slot)}
        if volume.attached_to and volume.attached_to not in its:
            seen = f"slot {slot}: attached to {volume.attached_to}"
            yield kinds.VOLUME_ELSEWHERE.of("volume", volume.id, seen)
        elif master is not None and volume.attached_to != master.id:
            where = volume.attached_to or "nothing"
            seen = f"slot {slot}: attached to {where}, and {master.id} is in service"
            yield kinds.VOLUME_DETACHED.of("volume", volume.id, seen)


def _of_slot(snapshot: Snapshot, slot: str) -> tuple[Volume | None, str]:
    """A slot's volume, and its id by the slot's record; without a record the only one with its tags."""
    record = (snapshot.records.value or {}).get(slot)
    if record is not None and record.volume:
        found = [volume for volume in snapshot.volumes.known if volume.id == record.volume]
        return (found[0] if found else None), record.volume
    found = [volume for volume in snapshot.volumes.known if volume.slot == slot]
    return (found[0] if len(found) == 1 else None), ""
