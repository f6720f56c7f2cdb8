"""Which entries the pod network needs in the kernel's tables."""

from ipaddress import IPv4Address, IPv4Network

from kubequorum_node.kubernetes import pod_routes
from kubequorum_node.kubernetes.pod_routes import Entries, Peer, changes, parse, wanted

OWN = Peer(IPv4Network("10.128.0.0/24"), IPv4Address("10.20.1.5"))
B = Peer(IPv4Network("10.128.1.0/24"), IPv4Address("10.20.2.7"))
C = Peer(IPv4Network("10.128.2.0/24"), IPv4Address("10.20.3.9"))
NOTHING = Entries(frozenset(), frozenset(), frozenset())


def test_every_node_can_compute_every_others_mac() -> None:
    """Locally administered, unicast, and another for each address."""
    assert B.mac == "02:4b:0a:14:02:07"
    assert int(B.mac[:2], 16) & 0b11 == 0b10
    assert len({peer.mac for peer in (OWN, B, C)}) == 3


def test_all_others_are_wanted_and_never_oneself() -> None:
    """A route to the own range through the tunnel would cut off the own pods."""
    entries = wanted([OWN, B, C], OWN)
    assert entries.routes == {("10.128.1.0/24", "10.128.1.0"), ("10.128.2.0/24", "10.128.2.0")}
    assert entries.neighbours == {("10.128.1.0", B.mac), ("10.128.2.0", C.mac)}
    assert entries.forwarding == {(B.mac, "10.20.2.7"), (C.mac, "10.20.3.9")}


def test_from_nothing_to_all_in_an_order_that_drops_no_packet() -> None:
    """A neighbour is there before the route that needs it."""
    ip, bridge = changes(NOTHING, wanted([OWN, B], OWN))
    assert ip == [
        f"neighbour replace 10.128.1.0 lladdr {B.mac} dev kubequorum-vx nud permanent",
        "route replace 10.128.1.0/24 via 10.128.1.0 dev kubequorum-vx onlink",
    ]
    assert bridge == [f"fdb append {B.mac} dev kubequorum-vx dst 10.20.2.7 self permanent"]


def test_what_is_right_is_not_touched() -> None:
    """Nodes change every few seconds; their network does not."""
    target = wanted([OWN, B, C], OWN)
    assert changes(target, target) == ([], [])


def test_a_node_that_is_gone_leaves_nothing_behind() -> None:
    """Its range may go to another node."""
    ip, bridge = changes(wanted([OWN, B, C], OWN), wanted([OWN, B], OWN))
    assert ip == [
        "route del 10.128.2.0/24 via 10.128.2.0 dev kubequorum-vx",
        "neighbour del 10.128.2.0 dev kubequorum-vx",
    ]
    assert bridge == [f"fdb del {C.mac} dev kubequorum-vx dst 10.20.3.9 self permanent"]


def test_a_range_that_moves_to_another_node_is_replaced_in_place() -> None:
    """Deleting by range afterwards would take the new entry away again."""
    moved = Peer(B.pod_range, IPv4Address("10.20.2.8"))
    ip, bridge = changes(wanted([OWN, B], OWN), wanted([OWN, moved], OWN))
    assert ip == [f"neighbour replace 10.128.1.0 lladdr {moved.mac} dev kubequorum-vx nud permanent"]
    assert bridge == [
        f"fdb append {moved.mac} dev kubequorum-vx dst 10.20.2.8 self permanent",
        f"fdb del {B.mac} dev kubequorum-vx dst 10.20.2.7 self permanent",
    ]


def test_what_the_kernel_shows_is_read_without_its_own_additions() -> None:
    """Its own route to the device's address, and neighbours that it has learned, are not ours."""
    found = parse(
        [{"dst": "10.128.1.0/24", "gateway": "10.128.1.0", "flags": ["onlink"]}, {"dst": "10.128.0.0"}],
        [
            {"dst": "10.128.1.0", "lladdr": B.mac, "state": ["PERMANENT"]},
            {"dst": "10.128.9.0", "lladdr": C.mac, "state": ["STALE"]},
        ],
        [{"mac": B.mac, "dst": "10.20.2.7", "flags": ["self"]}, {"mac": "33:33:00:00:00:01"}],
    )
    assert found == wanted([OWN, B], OWN)
    assert pod_routes.DEVICE == "kubequorum-vx"
