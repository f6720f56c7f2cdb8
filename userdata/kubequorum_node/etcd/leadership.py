"""Handing etcd's leadership over before its member stops: no election has to notice first that it is gone."""

from kubequorum_node.etcd.client import Etcd
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm.configuration import client_url
from kubequorum_node.log import say
from kubequorum_node.node import Node


def hand_over(node: Node) -> None:
    """Move leadership to the healthy voting member that has the most of the log, if this member leads.

    Raises:
        CommandError: etcd on this machine does not answer, or refuses.

    """
    local = Etcd.local(node)
    status = local.status()
    me = int(status["header"]["member_id"])
    if int(status.get("leader", 0)) != me:
        say("etcd's leader is another member")
        return
    candidates = sorted(_candidates(node, leader=me), reverse=True)
    if not candidates:
        say("no other member could lead etcd")
        return
    _, member_id, slot = candidates[0]
    local.move_leader(member_id)
    say(f"slot {slot} leads etcd now")


def _candidates(node: Node, *, leader: int) -> list[tuple[int, int, str]]:
    """How far its log goes, id and slot of each other member that votes, is well and follows this leader."""
    found = []
    for slot in node.etcd_spec.slots:
        if slot == node.slot:
            continue
        try:
            status = Etcd(node, client_url(node.etcd_spec, slot)).status()
        except (CommandError, LookupError, ValueError) as error:
            say(f"the member of slot {slot} does not answer: {error}")
            continue
        if status.get("isLearner") or status.get("errors") or int(status.get("leader", 0)) != leader:
            continue
        found.append((int(status.get("raftIndex", 0)), int(status["header"]["member_id"]), slot))
    return found
