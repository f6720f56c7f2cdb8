"""Network Load Balancers of a VPC: from what the API says to routes of the proxy."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from emulator.interfaces.network_facts import Listener, LoadBalancer, Target, TargetGroup, ZonalAddress
from emulator.machines.proxy import Backend, Endpoint, Route


def routes(balancers: Sequence[LoadBalancer], *, namespace: str) -> list[Route]:
    """A route for each port of each load balancer, at each of its zonal addresses."""
    return [
        _route(balancer, zonal, list(listeners), namespace)
        for balancer in balancers
        for zonal in balancer.addresses
        for _, listeners in groupby(sorted(balancer.listeners, key=_port), key=_port)
    ]


def _port(listener: Listener) -> int:
    return listener.port


def _route(balancer: LoadBalancer, zonal: ZonalAddress, listeners: list[Listener], namespace: str) -> Route:
    group = listeners[0].target_group
    targets = [target for target in group.targets if balancer.cross_zone or target.zone in ("", zonal.zone)]
    return Route(
        listen=Endpoint(namespace=namespace, address=zonal.address, port=listeners[0].port),
        backends=tuple(sorted(_backends(group, targets, zonal, namespace), key=str)),
        drop_hairpin=group.preserve_client_ip,
    )


def _backends(
    group: TargetGroup, targets: Sequence[Target], zonal: ZonalAddress, namespace: str
) -> Iterator[Backend]:
    """The targets that may have connections.

    New connections go to healthy targets. If none is healthy, they go to all unhealthy ones ("fail
    open"). A draining target keeps its connections; an unhealthy one does unless the group terminates them.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
    """
    fail_open = not any(target.state == "healthy" for target in targets)
    for target in targets:
        accepts_new = target.state == "healthy" or (fail_open and target.state == "unhealthy")
        keeps = target.state == "draining" or (target.state == "unhealthy" and not group.terminate_unhealthy)
        if accepts_new or keeps:
            yield Backend(
                to=Endpoint(namespace=namespace, address=target.address, port=target.port),
                source=zonal.address,
                accepts_new=accepts_new,
            )
