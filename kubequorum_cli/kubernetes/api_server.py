"""The API server that the load balancer has chosen: version, checks, clock and certificate."""

import re
from dataclasses import dataclass
from datetime import datetime

from kubequorum_cli.kubernetes.certificate import not_after
from kubequorum_cli.kubernetes.client import Client

_FAILED = re.compile(r"^\[-\](\S+)", re.MULTILINE)
"""How a check that failed begins its line
(https://kubernetes.io/docs/reference/using-api/health-checks/)."""
_OK = 200


@dataclass(frozen=True, kw_only=True)
class ApiServer:
    """What one request after the other has shown; each may have gone to another server."""

    version: str
    failed_checks: list[str]
    """Of /readyz, e.g. `etcd`."""
    clock: datetime | None
    certificate_ends: datetime


def look_at_api(client: Client) -> ApiServer:
    """Ask it.

    Raises:
        ApiError: it does not answer, or refuses to.
    """
    version = str(client.get("/version")["gitVersion"])
    ready = client.ask("/readyz?verbose")
    return ApiServer(
        version=version,
        failed_checks=[] if ready.status == _OK else _FAILED.findall(ready.text) or [ready.text[:200]],
        clock=ready.date,
        certificate_ends=not_after(ready.certificate),
    )
