"""Who may connect to whom: read from the security groups, so that the picture shows what AWS lets through."""

from kubequorum_cli.picture.model import Flow
from kubequorum_cli.report.model import Report

PEOPLE, BALANCER, MASTERS, WORKERS, OTHER = "people", "balancer", "masters", "workers", "other"
_ORDER = (PEOPLE, BALANCER, MASTERS, WORKERS, OTHER)


def find(report: Report) -> list[Flow]:
    """The flows; rules that differ only in who connects to whom are one."""
    roles = _roles(report)
    ends: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
    for group in report.security_groups:
        for rule in group.inbound:
            port = rule.protocol if rule.ports == "all" else f"{rule.protocol} {rule.ports}"
            sources, targets = ends.setdefault((port, rule.description), (set(), set()))
            sources.add(PEOPLE if "/" in rule.source else roles.get(rule.source, OTHER))
            targets.add(roles.get(group.id, OTHER))
    found = [
        Flow(sources=_ordered(sources), targets=_ordered(targets), port=port, reason=reason)
        for (port, reason), (sources, targets) in ends.items()
    ]
    return sorted(found, key=lambda flow: ([_ORDER.index(role) for role in flow.sources], flow.port))


def _roles(report: Report) -> dict[str, str]:
    """Security group to the role of those who wear it."""
    roles = {id_: BALANCER for balancer in report.load_balancers for id_ in balancer.security_groups}
    for group in report.groups:
        role = MASTERS if group.slot else WORKERS
        roles |= {id_: role for instance in group.instances for id_ in instance.security_groups}
    return roles


def _ordered(roles: set[str]) -> list[str]:
    return sorted(roles, key=_ORDER.index)
