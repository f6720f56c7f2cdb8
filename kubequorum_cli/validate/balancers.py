"""The API's load balancers and their targets."""

from collections.abc import Iterator

from kubequorum_cli.report.model import LoadBalancer
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_IN_PROGRESS = ("initial", "draining")
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html"""
_USABLE = ("active", "provisioning")
"""One that is being made is a stack in progress."""


def active(snapshot: Snapshot) -> Iterator[Finding]:
    """Load balancers that do not work."""
    for balancer in snapshot.load_balancers.known:
        if balancer.state not in _USABLE:
            yield kinds.BALANCER_NOT_ACTIVE.of(
                "load-balancer", balancer.name, f"its state is {balancer.state}"
            )


def targets(snapshot: Snapshot) -> Iterator[Finding]:
    """Each master in service is a healthy target, and nothing else is one."""
    for balancer in snapshot.load_balancers.known:
        yield from _missing(snapshot, balancer)
        for target, state in balancer.targets.items():
            yield from _target(snapshot, balancer, target, state)


def _missing(snapshot: Snapshot, balancer: LoadBalancer) -> Iterator[Finding]:
    there = {target.partition(":")[0] for target in balancer.targets}
    for slot, master in snapshot.masters.items():
        if master.id not in there:
            seen = f"{master.id}, the master of slot {slot}, is no target"
            yield kinds.TARGET_MISSING.of("load-balancer", balancer.name, seen)


def _target(snapshot: Snapshot, balancer: LoadBalancer, target: str, state: str) -> Iterator[Finding]:
    instance = target.partition(":")[0]
    of_slots = {each.id for slot in snapshot.slots for each in snapshot.instances_of(slot)}
    in_service = {master.id for master in snapshot.masters.values()}
    id_ = f"{balancer.name}/{target}"
    if instance in in_service and state == "healthy":
        return
    if state in _IN_PROGRESS or instance in of_slots - in_service:
        yield kinds.TARGET_IN_PROGRESS.of("target", id_, state)
    elif instance in in_service:
        yield kinds.TARGET_UNHEALTHY.of("target", id_, state)
    else:
        yield kinds.TARGET_FOREIGN.of("target", id_, f"{state}, and in the group of no slot")
