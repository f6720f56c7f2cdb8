"""What of a picture a person should know of, with the page that says what to do."""

from collections.abc import Iterator
from dataclasses import replace

from kubequorum_cli.picture.model import Condition, Instance, Mark, Picture
from kubequorum_cli.report.model import Report

_PAGES = "docs/operations"
_BAD_STACK = ("FAILED", "ROLLBACK")


def added(picture: Picture, report: Report) -> Picture:
    """The picture with its marks, those of what is wrong before those of what is announced."""
    found = [*_infrastructure(picture, report), *_kubernetes(picture)]
    return replace(picture, marks=sorted(found, key=lambda mark: mark.condition is not Condition.BAD))


def _infrastructure(picture: Picture, report: Report) -> Iterator[Mark]:
    for slot in picture.slots:
        where = f"in slot {slot.slot}"
        yield from _instances(slot.instances, where, page="master-down.md")
        if not slot.instances:
            yield _bad("instance", slot.group, f"no instance {where}", "master-down.md")
        if slot.volume is not None and slot.volume.condition is Condition.BAD:
            text = f"volume {slot.volume.id} {where} {slot.volume.text}"
            yield _bad("volume", slot.volume.id, text, "volume.md")
    for group in picture.worker_groups:
        yield from _instances(group.instances, f"of worker group {group.name}", page="worker.md")
    for balancer in picture.balancers:
        if balancer.condition is Condition.BAD:
            yield _bad("balancer", balancer.name, f"{balancer.name}: {balancer.text}", "api-down.md")
    for stack in report.stacks:
        if any(word in stack.status for word in _BAD_STACK):
            text = f"stack {stack.name} is {stack.status}"
            reason = f": {stack.reason}" if stack.reason else ""
            yield _bad("stack", stack.name, f"{text}{reason}", "failed-deploy.md")
    for each in report.groups:
        for instance in each.instances:
            for event in instance.scheduled_events:
                text = f"{instance.id}: EC2 has scheduled {event}"
                page = f"{_PAGES}/worker.md#ec2-has-scheduled-something"
                yield Mark(
                    kind="instance", subject=instance.id, condition=Condition.BUSY, text=text, remedy=page
                )


def _kubernetes(picture: Picture) -> Iterator[Mark]:
    if picture.kubernetes.condition is Condition.BAD:
        yield _bad("kubernetes", picture.cluster, picture.kubernetes.text, "api-down.md")
    for addon in picture.addons:
        if addon.condition is Condition.BAD:
            yield _bad("addon", addon.name, f"addon {addon.name} {addon.text}", "addons.md")
    if picture.backups.condition is Condition.BAD:
        yield _bad("backups", picture.cluster, f"backups: {picture.backups.text}", "backups.md")


def _instances(instances: list[Instance], where: str, *, page: str) -> Iterator[Mark]:
    for instance in instances:
        if instance.condition is Condition.BAD:
            yield _bad("instance", instance.id, f"{instance.id} {where}: {instance.text}", page)


def _bad(kind: str, subject: str, text: str, page: str) -> Mark:
    return Mark(kind=kind, subject=subject, condition=Condition.BAD, text=text, remedy=f"{_PAGES}/{page}")
