"""The slot's DNS name, whose record has the address of whatever instance is in the slot.

Other members find this node's member by it. They admit its connections by their address, which its
certificate names. So a member that resumes need not wait until resolvers have forgotten the predecessor's
address: it connects to the others, and they answer on the same connections.
"""

from collections.abc import Callable
from dataclasses import replace

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.log import warning
from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.volume import slot_record
from kubequorum_node.volume.slot_record import SlotRecord, SlotRecordError

TTL_SECONDS = 5
"""How long others may continue to use a predecessor's address."""
_CHANGE_FILE = f"{WORK_FOLDER}/name-change"
"""The id of the pending change; empty if Route 53 applied it at once."""
_APPLIED = "INSYNC"
_CHANGE_SECONDS = 180.0
"""Route 53 states 60 s for a change to reach all its servers; three times that."""
_RESOLVER_SECONDS = 330.0
"""The resolver of a VPC keeps "no such name" for 300 s in a private zone, if somebody has asked too early.
https://github.com/aws/aws-app-mesh-roadmap/issues/221"""
_PEERS_SECONDS = 60.0
_FIRST_PEERS_SECONDS = 360.0
"""In a first formation: the others may be launched one after the other, and each name takes a minute."""


def point_here(node: Node) -> None:
    """Point the slot's name at this instance; `wait_until_here` waits until the change has propagated."""
    name = node.etcd_spec.slots[node.slot].etcd_name
    address = node.identity.address
    change = node.aws.call(
        lambda: node.aws.route53.change_resource_record_sets(
            HostedZoneId=node.config.hosted_zone_id,
            ChangeBatch={
                "Comment": f"{node.identity.instance_id} is in slot {node.slot}",
                "Changes": [
                    {
                        "Action": "UPSERT",
                        "ResourceRecordSet": {
                            "Name": f"{name}.",
                            "Type": "A",
                            "TTL": TTL_SECONDS,
                            "ResourceRecords": [{"Value": address}],
                        },
                    }
                ],
            },
        )
    )["ChangeInfo"]
    # A change that was applied at once need not be polled.
    node.host.write(_CHANGE_FILE, "" if change["Status"] == _APPLIED else change["Id"])


def wait_until_here(node: Node) -> None:
    """Wait until Route 53 has applied the change, and this host's resolver no longer has the old address.

    Raises:
        WaitError: the change is not applied, or the name still has another address; says which.

    """
    name = node.etcd_spec.slots[node.slot].etcd_name
    address = node.identity.address
    if change_id := node.host.read(_CHANGE_FILE):
        # An earlier query would only put the old answer into the resolver's cache.
        node.clock.poll(
            f"Route 53 to apply {name} → {address}",
            lambda: _check_change(node, change_id),
            seconds=_CHANGE_SECONDS,
            pause=1.0,
            longest_pause=15.0,
        )
    node.clock.poll(
        f"this host's resolver to return {address} for {name}",
        lambda: _check_resolver(node, name),
        seconds=_RESOLVER_SECONDS,
        # It answers from its cache: frequent queries cost nothing.
        pause=0.3,
        longest_pause=0.5,
    )


def announce(node: Node) -> None:
    """Write into the slot's record that its name leads to this instance everywhere.

    Raises:
        SlotRecordError: the record is another instance's.

    """

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is None or old.instance != node.identity.instance_id:
            owner = "nobody's" if old is None else f"that of {old.instance}"
            raise SlotRecordError(f"the record of slot {node.slot} is {owner} by now, not this instance's")
        return replace(old, name_known=True)

    slot_record.update(node, change)


def wait_for_peers(node: Node, *, first_formation: bool) -> None:
    """Wait a limited time until the other masters have names, without asking the resolver for them.

    The VPC's resolver keeps "no such name" for 300 s, for everybody who asks, and etcd looks its peers up at
    once. In a first formation each master therefore says so itself (`announce`): Route 53 lists a record a
    minute before its name servers have it. In a cluster that has lived all names exist, and this is one call.
    """
    look = _announced(node) if first_formation else _listed(node)
    try:
        node.clock.poll(
            "names of the other masters",
            look,
            seconds=_FIRST_PEERS_SECONDS if first_formation else _PEERS_SECONDS,
            pause=1.0 if first_formation else 3.0,
            longest_pause=15.0,
        )
    except WaitError as error:
        # One master in three may be missing for good, and the others must come up without it.
        warning(f"continuing without them: {error}")


def _announced(node: Node) -> Callable[[], None]:
    """Look for other slots whose master has not announced its name yet."""
    missing = {slot for slot in node.etcd_spec.slots if slot != node.slot}

    def look() -> None:
        for slot in sorted(missing):
            record = slot_record.of_slot(node, slot)
            # The name of a member that has worked is an old one.
            if record is not None and (record.name_known or record.stage != slot_record.FORMING):
                missing.discard(slot)
        if missing:
            raise NotYetError(f"no announcement yet of the names of slots {', '.join(sorted(missing))}")

    return look


def _listed(node: Node) -> Callable[[], None]:
    """Look for names that Route 53 has no record of."""
    wanted = {f"{slot.etcd_name}." for slot in node.etcd_spec.slots.values()}

    def look() -> None:
        first = min(wanted)
        answer = node.aws.call(
            lambda: node.aws.route53.list_resource_record_sets(
                HostedZoneId=node.config.hosted_zone_id, StartRecordName=first, StartRecordType="A"
            )
        )
        missing = wanted - {
            record["Name"] for record in answer["ResourceRecordSets"] if record["Type"] == "A"
        }
        if missing:
            raise NotYetError(f"no record yet for {', '.join(sorted(missing))}")

    return look


def _check_change(node: Node, change_id: str) -> None:
    status = node.aws.call(lambda: node.aws.route53.get_change(Id=change_id))["ChangeInfo"]["Status"]
    if status != _APPLIED:
        raise NotYetError(f"the change is {status}")


def _check_resolver(node: Node, name: str) -> None:
    addresses = node.host.resolve(name)
    if addresses != {node.identity.address}:
        raise NotYetError(f"it returns {', '.join(sorted(addresses)) or 'no address'}")
