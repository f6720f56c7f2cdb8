"""DNS records of the slots and of the API."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from kubequorum_cli.report.model import Name
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot


def slots(snapshot: Snapshot) -> Iterator[Finding]:
    """The name of each slot has the address of its master."""
    _, _, zone = _api_host(snapshot).partition(".")
    if not zone:
        return
    for slot, master in snapshot.masters.items():
        name = f"etcd-{slot}.{zone}"
        yield from _compare(
            _record(snapshot, name), name, [master.private_ip], f"{master.private_ip}, {master.id}"
        )


def api(snapshot: Snapshot) -> Iterator[Finding]:
    """The API's name leads to a load balancer of the cluster."""
    name = _api_host(snapshot)
    if not name or snapshot.is_being_created:
        return
    balancers = [_plain(balancer.dns_name) for balancer in snapshot.load_balancers.known]
    yield from _compare(_record(snapshot, name), name, balancers, " or ".join(balancers))


def _compare(record: Name | None, name: str, right: list[str], expected: str) -> Iterator[Finding]:
    if record is None:
        yield kinds.NAME_MISSING.of("name", name, f"no record; it should lead to {expected}")
    elif [value for value in map(_plain, record.values) if value not in right] or not record.values:
        leads = ", ".join(record.values) or "nothing"
        yield kinds.NAME_WRONG.of("name", name, f"it leads to {leads}, and should lead to {expected}")


def _record(snapshot: Snapshot, name: str) -> Name | None:
    return next((r for r in snapshot.names.known if r.type == "A" and _plain(r.name) == name), None)


def _api_host(snapshot: Snapshot) -> str:
    return str(urlsplit(snapshot.outputs.get("ApiEndpoint", "")).hostname or "")


def _plain(name: str) -> str:
    return name.lower().rstrip(".").removeprefix("dualstack.")
