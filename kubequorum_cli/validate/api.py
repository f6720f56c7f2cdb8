"""The Kubernetes API, and what its connection shows: certificates and clocks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_RENEWED_BEFORE = {
    "api-server": timedelta(days=30),
    "administrator": timedelta(hours=12),
    "ca": timedelta(days=180),
}
"""With less time left, nobody has renewed it when it was due: docs/operations/certificates.md."""
_OWN_CLOCK = timedelta(seconds=60)
_API_CLOCK = timedelta(minutes=5)
"""From here on AWS refuses what is signed (docs/operations/clock.md)."""


def answers(snapshot: Snapshot) -> Iterator[Finding]:
    """It answers, and says that it is ready."""
    host = snapshot.outputs.get("ApiEndpoint", snapshot.cluster)
    if snapshot.api.problem:
        kind = kinds.API_IN_PROGRESS if snapshot.is_being_created else kinds.API_UNREACHABLE
        yield kind.of("api", host, snapshot.api.problem)
    elif failed := snapshot.api.known.failed_checks:
        yield kinds.API_NOT_READY.of("api", host, f"failed checks: {', '.join(failed)}")


def api_certificate(snapshot: Snapshot) -> Iterator[Finding]:
    """The certificate of the API server that answered."""
    yield from _certificate(snapshot, "api-server", snapshot.api.known.certificate_ends)


def credentials(snapshot: Snapshot) -> Iterator[Finding]:
    """The certificates in the administrator's kubeconfig."""
    for name, ends in snapshot.credentials_end.known.items():
        yield from _certificate(snapshot, name, ends)


def clocks(snapshot: Snapshot) -> Iterator[Finding]:
    """This computer's clock, by which certificates are judged here."""
    own = snapshot.clocks.known
    if abs(ahead := own.own - own.aws) > _OWN_CLOCK:
        yield kinds.OWN_CLOCK.of("clock", "this computer", _difference(ahead))


def api_clock(snapshot: Snapshot) -> Iterator[Finding]:
    """The clock of the master whose API server answered."""
    clock, aws = snapshot.api.known.clock, snapshot.clocks.known.aws
    if clock is not None and abs(ahead := clock - aws) > _API_CLOCK:
        yield kinds.API_CLOCK.of("clock", "API server", _difference(ahead))


def _certificate(snapshot: Snapshot, name: str, ends: datetime) -> Iterator[Finding]:
    seen = f"valid until {ends:%Y-%m-%d %H:%M} UTC"
    if ends <= snapshot.now:
        yield kinds.CERTIFICATE_EXPIRED.of("certificate", name, seen)
    elif ends - snapshot.now < _RENEWED_BEFORE[name]:
        yield kinds.CERTIFICATE_EXPIRING.of("certificate", name, seen)


def _difference(ahead: timedelta) -> str:
    seconds = ahead.total_seconds()
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} AWS"
