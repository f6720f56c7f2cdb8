"""Changes of records: when they are INSYNC, and what name servers answer until then."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from ministack.core.responses import request_scope
from ministack.services import route53 as service

from emulator.api import patches, route53
from emulator.api.context import Context
from emulator.api.worker import Worker
from emulator.machines.no_machines import NoMachines
from emulator.tests.api.emulator import ACCOUNT_ID, REGION
from emulator.times import Times

_NAMESPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'


def _ask(method: str, path: str, body: str = "") -> str:
    status, _, reply = asyncio.run(
        service.handle_request(method, f"/2013-04-01{path}", {}, body.encode(), {})
    )
    assert status < 300, reply
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def _between(text: str, before: str, after: str) -> str:
    return text.partition(before)[2].partition(after)[0]


class Zone:
    """A zone, in this process."""

    def __init__(self) -> None:
        reply = _ask(
            "POST",
            "/hostedzone",
            f"<CreateHostedZoneRequest {_NAMESPACE}><Name>example.internal</Name>"
            f"<CallerReference>{time.monotonic()}</CallerReference></CreateHostedZoneRequest>",
        )
        self.zone_id = _between(reply, "/hostedzone/", "<")

    def change(self, action: str, name: str, address: str) -> str:
        """Change an A record; returns the id of the change."""
        reply = _ask(
            "POST",
            f"/hostedzone/{self.zone_id}/rrset",
            f"<ChangeResourceRecordSetsRequest {_NAMESPACE}><ChangeBatch><Changes><Change>"
            f"<Action>{action}</Action><ResourceRecordSet><Name>{name}.example.internal</Name><Type>A</Type>"
            f"<TTL>5</TTL><ResourceRecords><ResourceRecord><Value>{address}</Value></ResourceRecord>"
            "</ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>"
            "</ChangeResourceRecordSetsRequest>",
        )
        return _between(reply, "/change/", "<")

    def status(self, change_id: str) -> str:
        """What GetChange says."""
        return _between(_ask("GET", f"/change/{change_id}"), "<Status>", "<")

    @property
    def served(self) -> dict[str, str]:
        """What name servers answer, by the name's first label."""
        return {
            record["Name"].partition(".")[0]: record["ResourceRecords"][0]
            for record in route53.records_in_effect(self.zone_id)
            if record["Type"] == "A"
        }

    @property
    def listed(self) -> str:
        """What ListResourceRecordSets shows."""
        return _ask("GET", f"/hostedzone/{self.zone_id}/rrset")


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[Zone]:
    """A zone whose changes take as many seconds as the parameter says."""
    worker = Worker()
    context = Context(
        machines=NoMachines(),
        worker=worker,
        api_url="http://127.0.0.1:9",
        times=lambda: Times(name_change=request.param),
    )
    route53.install(context)
    with request_scope(ACCOUNT_ID, REGION):
        yield Zone()
    context.reset()
    worker.close()
    patches.restore_all()


@pytest.mark.parametrize("zone", [1000.0], indirect=True)
def test_a_pending_change_is_listed_and_not_served(zone: Zone) -> None:
    """The API shows the newest records, name servers the ones before, of whatever kind the change is."""
    with_quick = {"db-a": "10.0.0.1", "db-b": "10.0.0.2"}
    for name, address in with_quick.items():
        zone.change("CREATE", name, address)
    assert zone.served == {}
    route53._records[0].forget()
    assert zone.served == with_quick
    changed = zone.change("UPSERT", "db-a", "10.0.0.9")
    zone.change("DELETE", "db-b", "10.0.0.2")
    zone.change("CREATE", "db-c", "10.0.0.3")
    assert zone.served == with_quick
    assert "10.0.0.9" in zone.listed
    assert "10.0.0.2" not in zone.listed
    assert [zone.status(changed) for _ in range(3)] == ["PENDING"] * 3
    route53._records[0].forget()
    assert zone.served == {"db-a": "10.0.0.9", "db-c": "10.0.0.3"}


@pytest.mark.parametrize("zone", [0.1], indirect=True)
def test_a_change_is_in_sync_after_a_while(zone: Zone) -> None:
    """Then name servers have it."""
    change_id = zone.change("CREATE", "db-a", "10.0.0.1")
    deadline = time.monotonic() + 30
    while zone.status(change_id) != "INSYNC":
        assert time.monotonic() < deadline
    assert zone.served == {"db-a": "10.0.0.1"}


@pytest.mark.parametrize("zone", [0.0], indirect=True)
def test_a_quick_change_is_served_at_once(zone: Zone) -> None:
    """And shown as pending once, so that clients have something to wait for."""
    change_id = zone.change("CREATE", "db-a", "10.0.0.1")
    assert zone.served == {"db-a": "10.0.0.1"}
    assert [zone.status(change_id) for _ in range(2)] == ["PENDING", "INSYNC"]
