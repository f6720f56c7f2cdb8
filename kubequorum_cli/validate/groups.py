"""Auto Scaling groups; those of masters are looked at as slots."""

from collections.abc import Iterator

from kubequorum_cli.resources import IN_SERVICE, REPLACING_PROCESSES
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot


def size(snapshot: Snapshot) -> Iterator[Finding]:
    """Worker groups with fewer instances in service than desired."""
    for group in snapshot.groups.known:
        states = [instance.lifecycle_state for instance in group.instances]
        if group.slot or states.count(IN_SERVICE) >= group.desired:
            continue
        coming = any(state.startswith("Pending") for state in states) or snapshot.is_being_deployed
        kind = kinds.GROUP_IN_PROGRESS if coming else kinds.GROUP_SHORT
        yield kind.of("group", group.name, f"{states.count(IN_SERVICE)} of {group.desired} in service")


def suspended(snapshot: Snapshot) -> Iterator[Finding]:
    """Groups that would not replace an instance."""
    for group in snapshot.groups.known:
        if stopped := [process for process in REPLACING_PROCESSES if process in group.suspended]:
            yield kinds.GROUP_SUSPENDED.of("group", group.name, f"suspended: {', '.join(stopped)}")
