"""Capacity rebalancing: spot instances at risk are replaced, each once a successor is in service.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html
Unlike on AWS, a group may exceed its maximum size by as many as are at risk.
"""

from emulator.api.autoscaling.capacity import Capacity
from emulator.api.autoscaling.model import Group, LifecycleState, Member


def recommended(capacity: Capacity, group: Group, member: Member) -> None:
    """EC2 recommends to replace a member; the engine's lock is held."""
    if group.settings.capacity_rebalance and member.state is LifecycleState.IN_SERVICE:
        member.at_risk = True
        group.launch_cause = (
            f"At {capacity.now()} an instance was launched in response to an EC2 instance rebalance "
            "recommendation."
        )
        capacity.balance(group)


def release(capacity: Capacity, group: Group) -> None:
    """A member has entered service: as many of those at risk go as there are members too many."""
    serving = [member for member in group.capacity if member.state is LifecycleState.IN_SERVICE]
    surplus = len(serving) - group.settings.desired_capacity
    for member in group.at_risk[: max(surplus, 0)]:
        cause = (
            f"At {capacity.now()} an instance was taken out of service in response to an EC2 instance "
            "rebalance recommendation."
        )
        capacity.begin_termination(group, member, cause=cause)
