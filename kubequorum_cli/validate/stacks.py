"""The cluster's CloudFormation stacks."""

from collections.abc import Iterator

from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_NEEDED = ("Network", "State", "ControlPlane")
"""Clusters without workers of their own, or without addons, are clusters."""
_ROLLED_BACK = ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")


def missing(snapshot: Snapshot) -> Iterator[Finding]:
    """Stacks that are not deployed."""
    names = {stack.name for stack in snapshot.stacks.known}
    for name in (f"{snapshot.cluster}-{stack}" for stack in _NEEDED):
        if name not in names:
            yield kinds.STACK_MISSING.of("stack", name, "there is no such stack")


def failed(snapshot: Snapshot) -> Iterator[Finding]:
    """Stacks that failed, were rolled back, or are at work.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    """
    for stack in snapshot.stacks.known:
        seen = f"{stack.status}: {stack.reason}" if stack.reason else stack.status
        if stack.status.endswith("_IN_PROGRESS"):
            yield kinds.STACK_IN_PROGRESS.of("stack", stack.name, seen)
        elif stack.status in _ROLLED_BACK:
            yield kinds.STACK_ROLLED_BACK.of("stack", stack.name, seen)
        elif "FAILED" in stack.status or "ROLLBACK" in stack.status:
            yield kinds.STACK_FAILED.of("stack", stack.name, seen)
