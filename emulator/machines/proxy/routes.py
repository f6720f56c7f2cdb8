"""What a proxy does, as data: listeners, and the backends of their connections."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A TCP address in a network namespace."""

    namespace: str | None
    """Path of the namespace's file; None is the host's own."""
    address: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A possible destination of connections."""

    to: Endpoint
    source: str | None = None
    """Source address of the connection to the backend; None lets the kernel choose."""
    accepts_new: bool = True
    """Whether it gets new connections. Those that it has end when it is removed from the route."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """A listener with its backends. A connection is reset if no backend accepts it."""

    listen: Endpoint
    backends: tuple[Backend, ...]
    drop_hairpin: bool = False
    """Never answer a connection whose client has the address of the backend chosen for it."""


def encode(routes: Sequence[Route]) -> str:
    """As one line of JSON."""
    return json.dumps([asdict(route) for route in routes], sort_keys=True)


def decode(line: str) -> list[Route]:
    """The routes of a line that `encode` wrote."""
    return [
        Route(
            listen=Endpoint(**route["listen"]),
            backends=tuple(
                Backend(**{**backend, "to": Endpoint(**backend["to"])}) for backend in route["backends"]
            ),
            drop_hairpin=route["drop_hairpin"],
        )
        for route in json.loads(line)
    ]


def namespaces(routes: Sequence[Route]) -> set[str]:
    """Every namespace that the routes name, without the host's own."""
    endpoints = [route.listen for route in routes]
    endpoints += [backend.to for route in routes for backend in route.backends]
    return {endpoint.namespace for endpoint in endpoints if endpoint.namespace is not None}
