"""Route 53: a change is PENDING for a while, and name servers answer as before it until it is INSYNC.

The API itself shows the newest records, those of pending changes, too:
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html. With times of `quick`
ministack's own way stays: a change is applied at once, and shown as PENDING once.

Records of CloudFormation are applied at once in any case: it waits until they are INSYNC.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.api import patches
from emulator.api.context import Context
from emulator.api.propagation import Propagation

Record = Mapping[str, Any]
_RecordKey = tuple[str, str, str, str]
"""Zone, name, type, set identifier."""

_WHY = "a change takes effect some time after it was made"
_RECORDS = patches.declare("ministack.services.route53", "_records", why=_WHY)
_CHANGES = patches.declare("ministack.services.route53", "_changes", why=_WHY)
_CHANGE_RECORDS = patches.declare(
    "ministack.services.route53", "_change_resource_record_sets", parameters=("zone_id", "body"), why=_WHY
)
_NEW_CHANGE = patches.declare("ministack.services.route53", "_new_change", parameters=("comment",), why=_WHY)
_GET_CHANGE = patches.declare(
    "ministack.services.route53", "_get_change", parameters=("change_id",), why=_WHY
)
_SUCCESS = 200
_records: list[Propagation[_RecordKey, Record | None]] = []


def install(context: Context) -> None:
    """Patch ministack's Route 53, so that changes take as long as the times say."""

    def seconds() -> float:
        return context.times().name_change * context.worker.time_scale

    records = Propagation[_RecordKey, Record | None](seconds)
    statuses = Propagation[str, str](seconds)
    _records[:] = [records]
    context.on_reset(records.forget)
    context.on_reset(statuses.forget)
    late: set[str] = set()
    context.on_reset(late.clear)
    _CHANGE_RECORDS.replace(_noting_changes(_CHANGE_RECORDS.get(), records, statuses))
    _NEW_CHANGE.replace(_pending(_NEW_CHANGE.get(), statuses, late))
    _GET_CHANGE.replace(_with_status(_GET_CHANGE.get(), statuses, late))


def records_in_effect(zone_id: str) -> list[Record]:
    """The records of a zone of the caller's account as name servers have them, in no order."""
    newest = {_key(zone_id, record): record for record in _RECORDS.get().get(zone_id) or ()}
    for propagation in _records:
        for key in propagation.under_way():
            if key[0] != zone_id:
                continue
            record = propagation.in_effect(key, newest.get(key))
            if record is None:
                newest.pop(key, None)
            else:
                newest[key] = record
    return list(newest.values())


def _noting_changes(
    original: Callable[[str, bytes], Any],
    records: Propagation[_RecordKey, Record | None],
    statuses: Propagation[str, str],
) -> Callable[[str, bytes], Any]:
    def change_resource_record_sets(zone_id: str, body: bytes) -> Any:
        before = _by_key(zone_id, _RECORDS.get().get(zone_id) or ())
        known = set(_CHANGES.get())
        reply = original(zone_id, body)
        if reply[0] == _SUCCESS:
            after = _by_key(zone_id, _RECORDS.get().get(zone_id) or ())
            for key in before.keys() | after.keys():
                if before.get(key) != after.get(key):
                    records.changed(key, before=before.get(key))
            # Its time begins after that of the records: what is INSYNC is served.
            for change_id in set(_CHANGES.get()) - known:
                statuses.changed(change_id, before="PENDING")
        return reply

    return change_resource_record_sets


def _pending(
    original: Callable[..., dict[str, Any]], statuses: Propagation[str, str], late: set[str]
) -> Callable[..., dict[str, Any]]:
    def new_change(comment: str = "") -> dict[str, Any]:
        change = original(comment)
        statuses.changed(change["id"], before="PENDING")
        if statuses.remaining(change["id"]) > 0:
            late.add(change["id"])
        return change

    return new_change


def _with_status(
    original: Callable[[str], Any], statuses: Propagation[str, str], late: set[str]
) -> Callable[[str], Any]:
    def get_change(change_id: str) -> Any:
        change = _CHANGES.get().get(change_id)
        if change is not None and change_id in late:
            # ministack's own shows what is there, and makes it INSYNC for the next time.
            change["status"] = statuses.in_effect(change_id, "INSYNC")
        return original(change_id)

    return get_change


def _by_key(zone_id: str, records: Sequence[Record]) -> dict[_RecordKey, Record]:
    return {_key(zone_id, record): dict(record) for record in records}


def _key(zone_id: str, record: Record) -> _RecordKey:
    return zone_id, record["Name"], record["Type"], record.get("SetIdentifier", "")
