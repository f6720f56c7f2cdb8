"""Instances in their groups."""

from collections.abc import Iterator
from datetime import timedelta

from kubequorum_cli.report.model import Group, Instance
from kubequorum_cli.resources import IN_SERVICE
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_LONG_BOOT = timedelta(minutes=5)
_LONG_TERMINATION = timedelta(minutes=5)
_LONG_DRAIN = timedelta(minutes=15)
"""Of a worker: half of the time that it may take."""


def health(snapshot: Snapshot) -> Iterator[Finding]:
    """What the group, EC2 and its status checks say of each."""
    for instance in snapshot.instances:
        state = f"{instance.lifecycle_state}, {instance.health}, {instance.state}"
        if instance.health != "Healthy":
            yield kinds.INSTANCE_UNHEALTHY.of("instance", instance.id, state)
        if instance.lifecycle_state != IN_SERVICE:
            continue
        if instance.state != "running":
            yield kinds.INSTANCE_NOT_RUNNING.of("instance", instance.id, state)
        if instance.status_checks == "impaired":
            yield kinds.INSTANCE_IMPAIRED.of("instance", instance.id, f"{state}, status checks: impaired")


def scheduled(snapshot: Snapshot) -> Iterator[Finding]:
    """What EC2 has announced."""
    for instance in snapshot.instances:
        for event in instance.scheduled_events:
            yield kinds.INSTANCE_SCHEDULED.of("instance", instance.id, event)


def on_the_way(snapshot: Snapshot) -> Iterator[Finding]:
    """Instances that come or go, and those that take long for it."""
    since = snapshot.waiting_since.value or {}
    for group in snapshot.groups.known:
        for instance in group.instances:
            if instance.lifecycle_state == IN_SERVICE:
                continue
            seen, kind = instance.lifecycle_state, kinds.INSTANCE_IN_PROGRESS
            if instance.id in since:
                took = snapshot.now - since[instance.id]
                seen += f" for {max(0.0, took.total_seconds()):.0f} s"
                if took > _patience(group, instance):
                    kind = kinds.HOOK_WAITS_LONG
            yield kind.of("instance", instance.id, seen)


def _patience(group: Group, instance: Instance) -> timedelta:
    if instance.lifecycle_state.startswith("Pending"):
        return _LONG_BOOT
    return _LONG_TERMINATION if group.slot else _LONG_DRAIN
