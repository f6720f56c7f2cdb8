"""What a proxy does, as data: listeners, and where their connections go."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A TCP address in a network namespace."""

    namespace: str | None
    """Path of the namespace's file; None is the host's own."""
    address: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Where connections may go."""

    to: Endpoint
    source: str | None = None
    """The address that the connection comes from; None leaves it to the kernel."""
    accepts: bool = True
    """Whether new connections go there. A backend that is in no route any more loses its old ones, too."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """A listener with its backends. A connection for which none accepts is reset."""

    listen: Endpoint
    backends: tuple[Backend, ...]
    black_hole_own: bool = False
    """Leave a client without an answer whose own machine is the backend chosen for it."""


def encode(routes: Sequence[Route]) -> str:
    """As one line of JSON."""
    return json.dumps([asdict(route) for route in routes], sort_keys=True)


def decode(line: str) -> list[Route]:
    """The routes in such a line."""
    return [
        Route(
            listen=Endpoint(**route["listen"]),
            backends=tuple(
                Backend(**{**backend, "to": Endpoint(**backend["to"])}) for backend in route["backends"]
            ),
            black_hole_own=route["black_hole_own"],
        )
        for route in json.loads(line)
    ]


def namespaces(routes: Sequence[Route]) -> set[Path]:
    """Every namespace that the routes name."""
    endpoints = [route.listen for route in routes]
    endpoints += [backend.to for route in routes for backend in route.backends]
    return {Path(endpoint.namespace) for endpoint in endpoints if endpoint.namespace is not None}
