"""Defaults from what AWS says: zones, instance types, image, range of the VPC; and whether quotas suffice."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from development.init.account import Account
from development.init.answers import PLACEHOLDER_IMAGE, Answers, Plan

_RANGES = tuple(f"10.{number}.0.0/16" for number in range(20, 96))
"""None of them overlaps the default ranges of pods and Services."""


def zones(account: Account, region: str, plan: Plan) -> tuple[str, ...]:
    """Those in which there is the best instance type, as many as the size needs."""
    there = account.zones()
    if len(there) < plan.zones:
        return tuple(f"{region}{letter}" for letter in "abc"[: plan.zones])
    offers = account.offers([*plan.master_types, *plan.worker_types])
    for type_ in plan.master_types:
        good = [zone for zone in there if zone in offers.get(type_, ())]
        if len(good) >= plan.zones:
            return tuple(good[: plan.zones])
    return tuple(there[: plan.zones])


def instance_type(account: Account, types: Sequence[str], zones: Sequence[str]) -> str:
    """The first of them that all zones offer; the first of all if that is not known."""
    offers = account.offers(types)
    return next((type_ for type_ in types if offers.get(type_, set()) >= set(zones)), types[0])


def image(account: Account, plan: Plan) -> str:
    """Debian's current one, or one that has to be changed."""
    return account.image(plan.architecture) or PLACEHOLDER_IMAGE


def vpc_cidr(account: Account) -> str:
    """A range that no VPC of the region has."""
    taken = [each for ranges in account.vpcs() or () for each in ranges]
    free = (text for text in _RANGES if not any(IPv4Network(text).overlaps(each) for each in taken))
    return next(free, _RANGES[0])


def shortages(account: Account, answers: Answers) -> Iterator[str]:
    """What the account's quotas do not allow, a line each. What else is there counts, where it is known."""
    plan = answers.plan
    masters, workers = (
        answers.master_type or plan.master_types[0],
        answers.worker_type or plan.worker_types[0],
    )
    sizes = account.vcpus([masters, workers])
    if sizes.keys() >= {masters, workers}:
        of_workers = plan.workers[1] * sizes[workers]
        is_spot = plan.spot_percent == 100
        on_demand = len(answers.zones) * sizes[masters] + (0 if is_spot else of_workers)
        yield from _vcpus(on_demand, account.vcpu_quota(), "on demand", "L-1216C47A")
        if is_spot:
            yield from _vcpus(of_workers, account.spot_vcpu_quota(), "of spot instances", "L-34B43A08")
    gateways = len(answers.zones) if plan.nat == "per-zone" else 1
    used, allowed = account.addresses(), account.address_quota()
    if used is not None and allowed is not None and used + gateways > allowed:
        yield (
            f"{gateways} Elastic IPs for NAT gateways, beside {used} that are in use, and the quota is "
            f"{allowed:.0f}: have L-0263D0A3 of ec2 raised"
        )
    vpcs, allowed = account.vpcs(), account.vpc_quota()
    if vpcs is not None and allowed is not None and len(vpcs) + 1 > allowed:
        yield f"1 VPC beside {len(vpcs)}, and the quota is {allowed:.0f}: have L-F678F1CE of vpc raised"


def _vcpus(needed: int, allowed: float | None, what: str, code: str) -> Iterator[str]:
    if allowed is not None and allowed < needed:
        yield (
            f"{needed} vCPUs {what} when all workers run, and the quota is {allowed:.0f}, for all that runs "
            f"in the region: have {code} of ec2 raised"
        )
