"""Which masters a roll replaces, in which order, from which launch templates, and how long it takes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubequorum_cli.errors import CommandError
from kubequorum_cli.plan.document import Duration
from kubequorum_cli.plan.figures import Figure, Figures
from kubequorum_cli.resources import IN_SERVICE, Resources
from kubequorum_cli.roll.document import Kept, Roll, Step
from kubequorum_cli.waiting import SETTLE_SECONDS

_OPERATOR, _LAB = "python -m kubequorum_cli", "./kubequorum"
"""The program for clusters on AWS, and that for the embedded AWS."""

Described = Mapping[str, Any]
"""As AWS describes it."""


def make(
    resources: Resources,
    figures: Figures,
    *,
    node: str,
    launched_before: datetime | None,
    now: datetime,
    seconds: float | None,
) -> Roll:
    """Plan the replacement of masters, in the order of a deployment: a → b → c.

    Args:
        resources: the cluster's.
        figures: of the place where it is.
        node: a slot, or the id of a master's instance; empty for all.
        launched_before: masters launched at this moment or later are left as they are; None for none.
        now: by AWS's clock; a repetition may leave what is launched from now on.
        seconds: how long a successor may take; None for what the lifecycle hooks of its group allow.

    Raises:
        CommandError: there is no such master, or no control plane.
    """
    members = resources.all_members()
    only = _slot(resources, members, node) if node else ""
    # Of a slot without an instance there is nothing to replace: the gates say what is wrong with it.
    found = {
        slot: min(instances, key=lambda each: each["LifecycleState"] != IN_SERVICE)
        for slot, instances in members.items()
        if instances and only in ("", slot)
    }
    launched = _launch_times(resources, [str(each["InstanceId"]) for each in found.values()])
    steps, kept = [], []
    for slot, member in found.items():
        instance = str(member["InstanceId"])
        when = launched.get(instance)
        text = when.isoformat(timespec="seconds") if when else "unknown"
        if when is not None and launched_before is not None and when >= launched_before:
            kept.append(Kept(slot=slot, instance=instance, launched=text))
            continue
        group = resources.group(slot)
        steps.append(
            Step(
                slot=slot,
                group=resources.groups[slot],
                instance=instance,
                launched=text,
                template=_template(member),
                template_after=_template(group),
                limit_seconds=_limit(resources, resources.groups[slot]) if seconds is None else seconds,
            )
        )
    alone = len(resources.slots) == 1
    return Roll(
        cluster=resources.target.cluster,
        launched_before=launched_before or now,
        only=only,
        program=_OPERATOR if resources.target.endpoint_url is None else _LAB,
        timeout=seconds,
        steps=steps,
        kept=kept,
        expected=_duration(figures.master.times(len(steps))),
        # With no other master the API is away for all of its replacement.
        client_gap=_duration(figures.master if alone else figures.client_gap),
    )


def _slot(resources: Resources, members: Mapping[str, list[dict[str, Any]]], node: str) -> str:
    for slot, instances in members.items():
        if node == slot or node in [each["InstanceId"] for each in instances]:
            return slot
    raise CommandError(
        f"there is no master {node!r} in cluster {resources.target.cluster}",
        why=f"it is no slot ({', '.join(resources.slots)}) and no instance in the group of one",
        remedy="kubequorum status lists them",
    )


def _launch_times(resources: Resources, ids: list[str]) -> dict[str, datetime]:
    return {id_: found["LaunchTime"] for id_, found in resources.instances_by_id(ids).items()}


def _template(described: Described) -> str:
    """Of an instance what it was launched from, of a group what it launches the next one from.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Instance.html
    """
    found = described.get("LaunchTemplate")
    return f"{found['LaunchTemplateId']} version {found['Version']}" if found else "none"


def _limit(resources: Resources, group: str) -> float:
    """As long as a deployment waits: termination of the old one, then the boot; and until it is settled.

    Both have the time-outs of the group's lifecycle hooks
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html).
    """
    answer = resources.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=group)
    return float(sum(hook["HeartbeatTimeout"] for hook in answer["LifecycleHooks"]) + SETTLE_SECONDS)


def _duration(figure: Figure) -> Duration:
    return Duration(least=figure.least, most=figure.most, source=figure.source)
