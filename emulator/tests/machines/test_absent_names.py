"""How long the VPC's name server keeps that a name does not exist."""

import ipaddress
from dataclasses import replace

from emulator.interfaces.network_facts import PrivateZone, RecordSet
from emulator.machines.nspawn.resolver import Answers, Cache
from emulator.tests.machines.nspawn.stand_ins import record

SOA = RecordSet(
    name="example.internal.",
    type="SOA",
    ttl_seconds=900,
    values=("ns-1.awsdns-1.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",),
)
ZONE = PrivateZone(name="example.internal.", records=(SOA, record("db-a.example.internal.", "10.0.16.10")))


def test_that_a_name_does_not_exist_is_kept_where_it_is_on_aws() -> None:
    """For its own time, which counts down in the zone's SOA; what no zone answers for is not kept."""
    zones = [replace(ZONE, records=(SOA,))]
    now = [100.0]
    asked: list[str] = []

    def zones_now() -> list[PrivateZone]:
        asked.append("zones")
        return zones

    found = Answers(
        cidr=ipaddress.ip_network("10.0.0.0/16"), region="us-east-1", zones=zones_now, balancers=list
    )
    cache = Cache(found.find, absence_seconds=lambda: 300, clock=lambda: now[0])
    assert not cache.find("db-a.example.internal.", "A").exists
    zones[0] = ZONE
    now[0] += 299.5
    answer = cache.find("db-a.example.internal.", "A")
    assert (answer.exists, [rrset.ttl for rrset in answer.authority]) == (False, [1])
    # The name exists by now, and another type of it was never asked for.
    assert cache.find("db-a.example.internal.", "AAAA").exists
    now[0] += 0.5
    assert cache.find("db-a.example.internal.", "A").exists
    asked.clear()
    for _ in range(2):
        cache.find("elsewhere.example.com.", "A")
    assert len(asked) == 2
