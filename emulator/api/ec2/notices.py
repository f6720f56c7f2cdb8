"""What EC2 announces to an instance: that it takes a spot instance back, that it may, scheduled events.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from ministack.core.responses import request_scope

from emulator.api.ec2 import service, store
from emulator.api.worker import Worker

_NOTICES = "_Notices"
"""Key of ours in an instance's record: path in the metadata to text."""
_EVENTS = "_ScheduledEvents"
_SPOT, _REBALANCE = "spot/instance-action", "events/recommendations/rebalance"
_SCHEDULED = "events/maintenance/scheduled"
_REASON = ("Server.SpotInstanceTermination", "Spot instance termination")
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_METADATA_TIME = "%-d %b %Y %H:%M:%S GMT"

_listeners: list[Callable[[str], None]] = []


def subscribe(listener: Callable[[str], None]) -> None:
    """Have a function called with the id of each instance that is recommended to be replaced."""
    _listeners.append(listener)


def interrupt(worker: Worker, *, instance_id: str, notice_seconds: float) -> None:
    """Give an instance its notice; its end follows whatever happens meanwhile.

    Raises:
        LookupError: it is no spot instance that runs.
    """
    with request_scope(*_scope(instance_id)), store.LOCK:
        record = _spot(instance_id)
        end = store.now() + timedelta(seconds=notice_seconds * worker.time_scale)
        notice = json.dumps({"action": "terminate", "time": f"{end:{_TIME}}"})
        record.setdefault(_NOTICES, {})[_SPOT] = notice
        worker.later(notice_seconds, _end, instance_id)


def recommend_rebalance(*, instance_id: str) -> None:
    """Recommend to replace an instance.

    Raises:
        LookupError: it is no spot instance that runs.
    """
    scope = _scope(instance_id)
    with request_scope(*scope), store.LOCK:
        notice = json.dumps({"noticeTime": f"{store.now():{_TIME}}"})
        _spot(instance_id).setdefault(_NOTICES, {})[_REBALANCE] = notice
    with request_scope(*scope):
        for listener in _listeners:
            listener(instance_id)


def schedule_event(*, instance_id: str, code: str, in_seconds: float) -> None:
    """Announce an event, which never takes place.

    Raises:
        LookupError: there is no such instance.
    """
    with request_scope(*_scope(instance_id)), store.LOCK:
        events = store.instances()[instance_id].setdefault(_EVENTS, [])
        events.append(
            {
                "InstanceEventId": f"instance-event-{len(events):017x}",
                "Code": code,
                "Description": f"The instance is scheduled for {code}",
                "NotBefore": store.now() + timedelta(seconds=in_seconds),
            }
        )


def scheduled_events(record: store.Record) -> list[dict[str, Any]]:
    """The events of an instance, as DescribeInstanceStatus has them."""
    return [dict(event) for event in record.get(_EVENTS, [])]


def of(record: store.Record) -> Mapping[str, str]:
    """What the metadata service shows of all that, by its paths."""
    events = [
        {
            "NotBefore": event["NotBefore"].strftime(_METADATA_TIME),
            "Code": event["Code"],
            "Description": event["Description"],
            "EventId": event["InstanceEventId"],
            "State": "active",
        }
        for event in record.get(_EVENTS, [])
    ]
    return {**record.get(_NOTICES, {}), _SCHEDULED: json.dumps(events)}


def forget_listeners() -> None:
    """Start over, for tests."""
    _listeners.clear()


def _scope(instance_id: str) -> tuple[str, str]:
    scope = store.scope(instance_id)
    if scope is None:
        raise LookupError(f"there is no instance {instance_id}")
    return scope


def _spot(instance_id: str) -> store.Record:
    record = store.instances().get(instance_id) or {}
    if record.get("InstanceLifecycle") != "spot" or record["State"]["Name"] != "running":
        raise LookupError(f"{instance_id} is not a spot instance that runs")
    return record


def _end(instance_id: str) -> None:
    with store.LOCK:
        record = store.instances().get(instance_id)
        if record is not None:
            service.current().transitions.end(record, _REASON)
