"""What EC2 announces of an instance that does not end it at once: said in the log and in Events of its Node.

A rebalance recommendation is acted on by the group, which launches a successor and then terminates this
instance (docs/decisions/spot-interruptions.md). A scheduled event is a matter for people.
"""

import json
from typing import Any

from kubequorum_node.aws import imds
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import events
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from kubequorum_node.log import WarningsOnce, warning
from kubequorum_node.node import Node

_LOOK_SECONDS = 60.0
_REPEAT_SECONDS = 3000.0
"""Before the API server forgets an Event, which is after an hour (`--event-ttl`)."""
_COMPONENT = "kubequorum-lifecycle"


class Notices:
    """What was announced so far."""

    def __init__(self, node: Node, *, api: NodeApi | None = None) -> None:
        self._node = node
        self._api = api or NodeApi(node)
        self._announced: dict[tuple[str, str], float] = {}
        self._once = WarningsOnce()

    def look(self) -> None:
        """Announce what is new, and again what is still ahead after most of an hour."""
        metadata = self._node.metadata
        if not self._node.is_master and imds.ask(metadata.rebalance_recommendation, self._once) is not None:
            self._announce(
                "RebalanceRecommendation",
                "EC2 recommends to replace this spot instance: the risk that it takes it back is higher. "
                "Its Auto Scaling group launches a successor first",
            )
        for event in _scheduled(imds.ask(metadata.scheduled_events, self._once)):
            self._announce("ScheduledMaintenance", _described(event))

    def _announce(self, reason: str, message: str) -> None:
        now = self._node.clock.now()
        if now - self._announced.get((reason, message), float("-inf")) < _REPEAT_SECONDS:
            return
        if (reason, message) not in self._announced:
            warning(message)
        try:
            events.create_as_node(self._node, self._api, component=_COMPONENT, reason=reason, message=message)
        except ApiError as error:
            # Before the node has joined, for example: the next look tries again.
            self._once.warn(f"no Event says {reason}: {error}")
        else:
            self._announced[reason, message] = now


def watch(node: Node) -> None:
    """Look for as long as the host runs."""
    notices: Notices | None = None
    while True:
        try:
            notices = notices or Notices(node)
            notices.look()
        except NodeError as error:
            # Of the host's identity, which the metadata service does not say yet.
            warning(f"notices of EC2: {error}")
        node.clock.sleep(_LOOK_SECONDS)


def _scheduled(text: str | None) -> list[dict[str, Any]]:
    """The events that are still ahead: AWS keeps completed and canceled ones in the list for a week."""
    try:
        found = json.loads(text or "[]")
        return [event for event in found if event.get("State", "active") == "active"]
    except (ValueError, TypeError, AttributeError) as error:
        warning(f"the scheduled events cannot be read, {text!r:.200}: {error!r}")
        return []


def _described(event: dict[str, Any]) -> str:
    return (
        f"EC2 has scheduled {event.get('Code')} of this instance, not before {event.get('NotBefore')}: "
        f"{event.get('Description')} ({event.get('EventId')})"
    )
