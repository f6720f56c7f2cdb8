"""Transferring etcd's leadership before its member stops: no election has to detect first that it is gone."""

from kubequorum_node.etcd.client import UNREADABLE, EtcdClient
from kubequorum_node.etcd.topology import other_slots
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node


def hand_over(node: Node) -> None:
    """Transfer leadership to the healthy voting member with the longest log, if this member leads.

    Raises:
        CommandError: etcd on this node does not answer, or refuses.

    """
    local = EtcdClient.local(node)
    status = local.status()
    me = int(status["header"]["member_id"])
    if int(status.get("leader", 0)) != me:
        info("this member is not etcd's leader")
        return
    candidates = sorted(_candidates(node, leader=me), reverse=True)
    if not candidates:
        warning("leadership is not transferred: no other member could lead etcd")
        return
    _, member_id, slot = candidates[0]
    local.move_leader(member_id)
    info(f"the member of slot {slot} is etcd's leader now")


def _candidates(node: Node, *, leader: int) -> list[tuple[int, int, str]]:
    """Raft index, id and slot of each other member that votes, reports no error and follows this leader."""
    found = []
    for slot in other_slots(node.etcd_spec, node.slot):
        try:
            status = EtcdClient.of_slot(node, slot).status()
        except UNREADABLE as error:
            warning(f"the member of slot {slot} does not answer: {error}")
            continue
        if status.get("isLearner") or status.get("errors") or int(status.get("leader", 0)) != leader:
            continue
        found.append((int(status.get("raftIndex", 0)), int(status["header"]["member_id"]), slot))
    return found
