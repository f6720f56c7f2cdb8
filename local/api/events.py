"""Events that AWS's own services put on the default bus."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from local.api import patches
from local.api.lanes import Lanes

_PUT = patches.declare(
    "ministack.services.eventbridge",
    "_put_events",
    parameters=("data", "allow_aws_source"),
    why="rules and their targets get lifecycle and state-change events",
)

_LANE = "events"
"""One for all: a rule's target may take its time, but order is kept."""


class EventBus:
    """EventBridge's default bus."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def emit(
        self, *, source: str, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        """Publish an event in the background, in the account and region of the caller."""
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Resources": list(resources),
            "Detail": json.dumps(detail),
        }
        self._lanes.submit(_LANE, _PUT.get(), {"Entries": [entry]}, allow_aws_source=True)
