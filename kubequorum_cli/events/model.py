"""An event, whoever has reported it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Source = Literal["stack", "group", "node", "kube-system"]


@dataclass(frozen=True, kw_only=True, order=True)
class Event:
    """One event; `events --json` prints it with these field names."""

    time: str
    """ISO 8601, UTC, in seconds."""
    source: Source
    subject: str
    """A stack's resource, a group, or an object of Kubernetes."""
    text: str


def of_stack(event: dict[str, Any]) -> Event:
    """As CloudFormation describes it."""
    reason = event.get("ResourceStatusReason")
    status = f"{event['ResourceType']} {event['ResourceStatus']}"
    return Event(
        time=_text(event["Timestamp"]),
        source="stack",
        subject=f"{event['StackName']}/{event['LogicalResourceId']}",
        text=f"{status}: {reason}" if reason else status,
    )


def of_group(activity: dict[str, Any]) -> Event:
    """As Auto Scaling describes an activity: when it began, how far it has come, and why."""
    why = [activity.get("StatusMessage"), activity.get("Cause")]
    return Event(
        time=_text(activity["StartTime"]),
        source="group",
        subject=activity["AutoScalingGroupName"],
        text="; ".join([f"{activity['Description']}: {activity['StatusCode']}", *filter(None, why)]),
    )


def of_kubernetes(item: dict[str, Any], source: Source) -> Event:
    """As the API has it: when it was seen last (https://kubernetes.io/docs/reference/kubernetes-api/)."""
    times = (item.get("lastTimestamp"), item.get("eventTime"), item["metadata"]["creationTimestamp"])
    seen = datetime.fromisoformat(next(time for time in times if time))
    about, count = item["involvedObject"], item.get("count") or 1
    times_seen = f" (seen {count} times)" if count > 1 else ""
    return Event(
        time=_text(seen),
        source=source,
        subject=f"{about['kind']}/{about['name']}",
        text=f"{item.get('type', '')} {item.get('reason', '')}: {item.get('message', '')}{times_seen}",
    )


def _text(when: datetime) -> str:
    return when.isoformat(timespec="seconds")
