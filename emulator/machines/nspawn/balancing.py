"""Network load balancers of a VPC: from what the API says to routes of the proxy."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from emulator.api.network_facts import Listener, LoadBalancer, Target, TargetGroup, ZonalAddress
from emulator.machines.proxy import Backend, Endpoint, Route


def routes(balancers: Sequence[LoadBalancer], *, namespace: str) -> list[Route]:
    """A route for each listener at each of its balancer's addresses."""
    return [
        _route(balancer, place, list(listeners), namespace)
        for balancer in balancers
        for place in balancer.addresses
        for _, listeners in groupby(sorted(balancer.listeners, key=_port), key=_port)
    ]


def _port(listener: Listener) -> int:
    return listener.port


def _route(balancer: LoadBalancer, place: ZonalAddress, listeners: list[Listener], namespace: str) -> Route:
    group = listeners[0].target_group
    reachable = [target for target in group.targets if balancer.cross_zone or target.zone in ("", place.zone)]
    return Route(
        listen=Endpoint(namespace=namespace, address=place.address, port=listeners[0].port),
        backends=tuple(sorted(_backends(group, reachable, place, namespace), key=str)),
        black_hole_own=group.preserve_client_ip,
    )


def _backends(
    group: TargetGroup, targets: Sequence[Target], place: ZonalAddress, namespace: str
) -> Iterator[Backend]:
    """The targets that have connections, or may get new ones.

    New ones go to healthy targets; to all that are known to be unhealthy, if no target is healthy ("fail
    open"). Targets that drain keep what they have. An unhealthy one keeps it if the group says so.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
    """
    fail_open = not any(target.state == "healthy" for target in targets)
    for target in targets:
        accepts = target.state == "healthy" or (fail_open and target.state == "unhealthy")
        keeps = target.state == "draining" or (target.state == "unhealthy" and not group.terminate_unhealthy)
        if accepts or keeps:
            yield Backend(
                to=Endpoint(namespace=namespace, address=target.address, port=target.port),
                source=place.address,
                accepts=accepts,
            )
