"""Events that AWS's own services put on the default bus."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.api import patches
from emulator.api.lanes import Lanes
from emulator.faults.store import ActiveFaults, Entry

_PUT = patches.declare(
    "ministack.services.eventbridge",
    "_put_events",
    parameters=("data", "allow_aws_source"),
    why="rules and their targets get lifecycle and state-change events",
)

log = logging.getLogger(__name__)

LOST_EVENT = "event"
"""The kind of active faults that lose events, about detail_type and instance_id (None: any)."""

_LIFECYCLE_ACTION = "Lifecycle Action"
"""How the types of Auto Scaling's lifecycle events end: what is lost if a fault names no type."""
_LANE = "events"
"""One for all: a rule's target may take its time, but order is kept."""


class EventBus:
    """EventBridge's default bus."""

    def __init__(self, lanes: Lanes, active_faults: ActiveFaults) -> None:
        self._lanes = lanes
        self._active_faults = active_faults

    def emit(
        self, *, source: str, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        """Publish an event in the background, in the account and region of the caller.

        Delivery is best effort, on AWS too; here it fails when a fault says so.
        """
        if self._active_faults.take(LOST_EVENT, lambda entry: _is_meant(entry, detail_type, detail)):
            log.info("event lost by a fault: %s %s", detail_type, detail)
            return
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Resources": list(resources),
            "Detail": json.dumps(detail),
        }
        self._lanes.submit(_LANE, _PUT.get(), {"Entries": [entry]}, allow_aws_source=True)


def _is_meant(entry: Entry, detail_type: str, detail: Mapping[str, Any]) -> bool:
    wanted = entry.about["detail_type"]
    fits = detail_type == wanted if wanted else detail_type.endswith(_LIFECYCLE_ACTION)
    instance_id = detail.get("EC2InstanceId") or detail.get("instance-id")
    return fits and entry.about["instance_id"] in (None, instance_id)
