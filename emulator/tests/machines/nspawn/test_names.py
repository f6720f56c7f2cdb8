"""The VPC's name server: what names mean, and for how long."""

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import replace

import dns.flags
import dns.message
import dns.rcode
import pytest

from emulator.interfaces.network_facts import (
    Listener,
    LoadBalancer,
    PrivateZone,
    RecordSet,
    Target,
    TargetGroup,
    ZonalAddress,
)
from emulator.machines.nspawn.resolver import Answers, Cache, NameServer
from emulator.machines.nspawn.resolver.answers import Answer
from emulator.tests.machines.nspawn.conftest import Bench
from emulator.tests.machines.nspawn.stand_ins import node, record

SOA = RecordSet(
    name="example.internal.",
    type="SOA",
    ttl_seconds=900,
    values=("ns-1.awsdns-1.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",),
)
BALANCER = LoadBalancer(
    arn="arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/api/1",
    dns_name="api-1.us-east-1.elb.amazonaws.com",
    cross_zone=False,
    addresses=(
        ZonalAddress(zone="us-east-1a", subnet_cidr="10.0.16.0/20", address="10.0.16.4"),
        ZonalAddress(zone="us-east-1b", subnet_cidr="10.0.32.0/20", address="10.0.32.4"),
    ),
    listeners=(),
)
ZONE = PrivateZone(
    name="example.internal.",
    records=(
        SOA,
        record("db-a.example.internal.", "10.0.16.10", ttl_seconds=10),
        record("www.example.internal.", "db-a.example.internal", type_="CNAME"),
        record("*.apps.example.internal.", "10.0.16.20"),
        record("text.example.internal.", '"some" "words"', type_="TXT"),
        RecordSet(
            name="api.example.internal.",
            type="A",
            ttl_seconds=0,
            alias_target="api-1.us-east-1.elb.amazonaws.com.",
        ),
    ),
)
INNER = PrivateZone(name="inner.example.internal.", records=(replace(SOA, name="inner.example.internal."),))


def answers(*, balancer: LoadBalancer = BALANCER) -> Answers:
    """Answers in a VPC with two zones and a balancer."""
    return Answers(
        cidr=ipaddress.ip_network("10.0.0.0/16"),
        region="us-east-1",
        zones=lambda: [ZONE, INNER],
        balancers=lambda: [balancer],
    )


def texts(answer: Answer) -> list[str]:
    """The records of an answer, as in a zone file."""
    return [line for rrset in answer.records for line in rrset.to_text().split("\n")]


@pytest.mark.parametrize(
    ("name", "type_", "lines"),
    [
        ("db-a.example.internal.", "A", ["db-a.example.internal. 10 IN A 10.0.16.10"]),
        (
            "www.example.internal.",
            "A",
            [
                "www.example.internal. 60 IN CNAME db-a.example.internal.",
                "db-a.example.internal. 10 IN A 10.0.16.10",
            ],
        ),
        ("any.thing.apps.example.internal.", "A", ["any.thing.apps.example.internal. 60 IN A 10.0.16.20"]),
        ("text.example.internal.", "TXT", ['text.example.internal. 60 IN TXT "some" "words"']),
        (
            "api.example.internal.",
            "A",
            ["api.example.internal. 60 IN A 10.0.16.4", "api.example.internal. 60 IN A 10.0.32.4"],
        ),
        ("ip-10-0-3-4.ec2.internal.", "A", ["ip-10-0-3-4.ec2.internal. 60 IN A 10.0.3.4"]),
        ("4.3.0.10.in-addr.arpa.", "PTR", ["4.3.0.10.in-addr.arpa. 60 IN PTR ip-10-0-3-4.ec2.internal."]),
    ],
)
def test_a_name_means_what_aws_makes_of_it(name: str, type_: str, lines: list[str]) -> None:
    """Records, chains of CNAMEs, wildcards, aliases under their own name, and names that AWS makes."""
    assert texts(answers().find(name, type_)) == lines


@pytest.mark.parametrize(
    ("name", "exists", "zone"),
    [
        ("db-a.example.internal.", True, "example.internal."),
        ("apps.example.internal.", True, "example.internal."),
        ("none.example.internal.", False, "example.internal."),
        ("none.inner.example.internal.", False, "inner.example.internal."),
        ("otherexample.internal.", False, None),
        ("example.com.", False, None),
        ("ip-192-0-2-1.ec2.internal.", False, None),
        ("nonsense.ec2.internal.", False, None),
    ],
)
def test_what_is_not_there(name: str, exists: bool, zone: str | None) -> None:
    """No such record differs from no such name; the closest zone's SOA says how long that may be kept."""
    answer = answers().find(name, "AAAA")
    assert (answer.exists, answer.records) == (exists, ())
    assert [(rrset.name.to_text(), rrset.ttl) for rrset in answer.authority] == (
        [(zone, 300)] if zone else []
    )


@pytest.mark.parametrize(
    ("healthy_zone", "cross_zone", "addresses"),
    [
        ("us-east-1b", False, ["10.0.32.4"]),
        ("us-east-1b", True, ["10.0.16.4", "10.0.32.4"]),
        (None, False, ["10.0.16.4", "10.0.32.4"]),
    ],
)
def test_a_balancer_leaves_zones_without_healthy_targets(
    healthy_zone: str | None, cross_zone: bool, addresses: list[str]
) -> None:
    """Its name leads to the zones that can serve; to all with cross-zone balancing, or if none can."""
    targets = tuple(
        Target(
            address="10.0.0.9", port=1, zone=zone, state="healthy" if zone == healthy_zone else "unhealthy"
        )
        for zone in ("us-east-1a", "us-east-1b")
    )
    group = TargetGroup(arn="tg", preserve_client_ip=False, terminate_unhealthy=True, targets=targets)
    balancer = replace(BALANCER, cross_zone=cross_zone, listeners=(Listener(port=1, target_group=group),))
    answer = answers(balancer=balancer).find("api.example.internal.", "A")
    assert [item.to_text() for rrset in answer.records for item in rrset] == addresses


def test_an_answer_is_kept_for_its_time_to_live_and_counts_down() -> None:
    """A change shows once the old answer expired, not before; what did not exist is looked up again."""
    zones = [replace(ZONE, records=(SOA,))]
    now = [100.0]
    found = Answers(
        cidr=ipaddress.ip_network("10.0.0.0/16"), region="us-east-1", zones=lambda: zones, balancers=list
    )
    cache = Cache(found.find, clock=lambda: now[0])
    assert not cache.find("db-a.example.internal.", "A").exists
    zones[0] = ZONE
    assert texts(cache.find("db-a.example.internal.", "A")) == ["db-a.example.internal. 10 IN A 10.0.16.10"]
    zones[0] = replace(ZONE, records=(SOA, record("db-a.example.internal.", "10.0.16.99", ttl_seconds=10)))
    now[0] += 9.5
    assert texts(cache.find("db-a.example.internal.", "A")) == ["db-a.example.internal. 1 IN A 10.0.16.10"]
    now[0] += 0.5
    assert texts(cache.find("db-a.example.internal.", "A")) == ["db-a.example.internal. 10 IN A 10.0.16.99"]


@pytest.fixture
def server() -> Iterator[NameServer]:
    """A server of a name with more addresses than fit into a datagram."""
    many = RecordSet(
        name="many.example.internal.",
        type="A",
        ttl_seconds=1,
        values=tuple(f"10.0.{number // 250}.{number % 250}" for number in range(400)),
    )
    found = Answers(
        cidr=ipaddress.ip_network("10.0.0.0/16"),
        region="us-east-1",
        zones=lambda: [replace(ZONE, records=(SOA, many))],
        balancers=list,
    )
    datagrams, listener = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
    for made in (datagrams, listener):
        made.bind(("127.0.0.1", 0))
    listener.listen()
    made_server = NameServer(datagrams=[datagrams], listeners=[listener], find=found.find)
    yield made_server
    made_server.close()


def test_an_answer_that_is_too_long_says_so_and_comes_by_tcp(server: NameServer) -> None:
    """A datagram is cut with the truncation flag set; without a limit all addresses are there."""
    query = dns.message.make_query("many.example.internal.", "A").to_wire()
    short = dns.message.from_wire(server.answer(query, max_size=512) or b"")
    assert short.flags & dns.flags.TC
    whole = dns.message.from_wire(server.answer(query, max_size=65_535) or b"")
    assert sum(len(rrset) for rrset in whole.answer) == 400


def test_a_malformed_request_gets_no_answer(server: NameServer) -> None:
    """Noise and replies are dropped; other classes and several questions are refused."""
    query = dns.message.make_query("x.example.internal.", "A")
    assert server.answer(b"noise", max_size=512) is None
    assert server.answer(dns.message.make_response(query).to_wire(), max_size=512) is None
    chaos = dns.message.make_query("version.bind.", "TXT", "CH").to_wire()
    assert dns.message.from_wire(server.answer(chaos, max_size=512) or b"").rcode() == dns.rcode.REFUSED


def test_machines_see_a_change_when_the_old_answer_is_over(bench: Bench) -> None:
    """A machine that has asked keeps the old address for the record's two seconds, then gets the new one."""
    one = bench.launch(node(7))
    ask = "getent ahostsv4 db-a.example.internal | awk 'NR == 1 { print $1 }'"
    assert bench.sh(one, ask) == ""
    bench.network.zones = [
        replace(ZONE, records=(SOA, record("db-a.example.internal.", "10.0.16.10", ttl_seconds=2)))
    ]
    assert bench.sh(one, ask) == "10.0.16.10"
    bench.network.zones = [
        replace(ZONE, records=(SOA, record("db-a.example.internal.", "10.0.16.11", ttl_seconds=2)))
    ]
    assert bench.sh(one, ask) == "10.0.16.10"
    bench.until(lambda: bench.sh(one, ask) == "10.0.16.11", "the old address stays", seconds=10)
