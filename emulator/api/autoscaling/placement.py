"""Which subnet, which type, which instance to terminate: the choices of a group, as pure functions."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from emulator.api.autoscaling.model import Member, Settings, Subnet, Template


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to launch."""

    spot: bool
    template_specification: Mapping[str, Any]
    instance_type: str | None
    image_id: str | None


def choose_subnet(subnets: Sequence[Subnet], members: Sequence[Member]) -> Subnet:
    """Keep zones balanced first, then the subnets of a zone; on a tie the group's own order decides."""
    zones = Counter(member.subnet.availability_zone for member in members)
    used = Counter(member.subnet.subnet_id for member in members)
    return min(subnets, key=lambda subnet: (zones[subnet.availability_zone], used[subnet.subnet_id]))


def choose_launch(settings: Settings, members: Sequence[Member]) -> Choice:
    """Choose the market and type of the next instance.

    On-demand takes the first override ("prioritized"); spot spreads over all of them, where
    AWS would ask what capacity it has. Rounding favours on-demand, as
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/mixed-instances-groups-set-up-overview.html says.
    """
    policy = settings.mixed_instances_policy
    if policy is None:
        return Choice(
            spot=False, template_specification=settings.base_template, instance_type=None, image_id=None
        )
    distribution = policy.get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity", 0))
    percentage = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    total = len(members) + 1
    wanted = min(base, total) + ceil(max(0, total - base) * percentage / 100)
    spot = sum(member.market == "on-demand" for member in members) >= wanted
    overrides: Sequence[Mapping[str, Any]] = policy["LaunchTemplate"].get("Overrides") or [{}]
    override = overrides[0]
    if spot:
        used = Counter(member.instance_type for member in members if member.market == "spot")
        override = min(overrides, key=lambda entry: used[entry.get("InstanceType", "")])
    return Choice(
        spot=spot,
        template_specification=override.get("LaunchTemplateSpecification") or settings.base_template,
        instance_type=override.get("InstanceType"),
        image_id=override.get("ImageId"),
    )


def specification(settings: Settings, template: Template) -> str:
    """What the group wants its instances to be, in a comparable form."""
    policy = settings.mixed_instances_policy
    mixed = None
    if policy is not None:
        mixed = {
            "overrides": policy["LaunchTemplate"].get("Overrides") or [],
            "distribution": policy.get("InstancesDistribution") or {},
        }
    return json.dumps(
        {"template": [template.template_id, template.version], "mixed": mixed}, sort_keys=True, default=str
    )


def choose_victims(settings: Settings, members: Sequence[Member], count: int) -> list[Member]:
    """Choose whom to scale in: unhealthy first, then the fullest zone, then by policy; never protected."""
    candidates = [member for member in members if not member.protected]
    victims: list[Member] = []
    while candidates and len(victims) < count:
        unhealthy = [member for member in candidates if member.health != "Healthy"]
        victim = unhealthy[0] if unhealthy else _by_policy(settings, candidates)
        candidates.remove(victim)
        victims.append(victim)
    return victims


def _by_policy(settings: Settings, candidates: Sequence[Member]) -> Member:
    zones = Counter(member.subnet.availability_zone for member in candidates)
    fullest = max(zones.values())
    choice = [member for member in candidates if zones[member.subnet.availability_zone] == fullest]
    for policy in settings.termination_policies:
        if policy == "OldestInstance":
            return min(choice, key=lambda member: member.launched_at)
        if policy == "NewestInstance":
            return max(choice, key=lambda member: member.launched_at)
        if policy in ("OldestLaunchTemplate", "Default"):
            oldest = min(member.template.version for member in choice)
            choice = [member for member in choice if member.template.version == oldest]
    return min(choice, key=lambda member: member.launched_at)
