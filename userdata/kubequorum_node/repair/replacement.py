"""The replacement of a master that is unwell: one at a time, and only while the others can do without it.

A health check must never take down a majority. So a master asks the other members itself, and takes a lock
that only a quorum of them can give.
"""

from kubequorum_node.etcd.client import UNREADABLE, EtcdClient
from kubequorum_node.etcd.lock import Lock
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.repair.peers import RefusedError, require_replaceable

_LOCK_KEY = "kubequorum/replacement"
"""A key beside those of Kubernetes, which are below /registry."""
LOCK_SECONDS = 1800
"""Longer than the termination of one master and the boot of the next may take together (600 + 900 s): a
successor that never comes up must not block the others for ever."""


def take_lock(node: Node, *, why: str) -> None:
    """Take the right to be the one master that is out of service; the slot that has it may take it again.

    Raises:
        RefusedError: another slot has it, or the others cannot give it.

    """
    own = {"slot": node.slot, "instance": node.identity.instance_id, "why": why[:200]}
    _acquire(_lock(node), own)


def _acquire(lock: Lock, own: dict[str, str]) -> dict[str, str]:
    try:
        holder = lock.acquire(own, seconds=LOCK_SECONDS)
    except UNREADABLE as error:
        raise RefusedError(f"the others do not give the lock: {error}") from error
    if holder and holder.get("slot") != own["slot"]:
        raise RefusedError(f"slot {holder.get('slot')} ({holder.get('instance')}) is being replaced")
    return holder


def release_lock(node: Node) -> None:
    """Release the lock if this slot has it: it is in service again. A failure is harmless: the lease ends."""
    if len(node.etcd_spec.slots) == 1:
        return
    lock = _lock(node)
    try:
        if lock.holder().get("slot") == node.slot:
            lock.release()
            info(f"slot {node.slot} is in service again: another master may be replaced")
    except (*UNREADABLE, TypeError, AttributeError) as error:
        warning(f"the lock {_LOCK_KEY} is not released, and expires by itself: {error}")


def report_unhealthy(node: Node, *, why: str) -> None:
    """Have this instance replaced by its group, if the cluster can do without it.

    Raises:
        RefusedError: it cannot, or another master is being replaced.

    """
    try:
        require_replaceable(node)
        take_lock(node, why=why)
    except RefusedError as error:
        raise RefusedError(f"not replaced: {error}") from error
    instance_id = node.identity.instance_id
    warning(f"the others can do without this master: {instance_id} reports itself unhealthy")
    try:
        _set_unhealthy(node, instance_id)
    except Exception:
        release_lock(node)
        raise


def report_peer(node: Node, *, slot: str, instance_id: str, why: str) -> None:
    """Have the dead instance of another slot replaced. The caller has made sure that it is dead.

    Its successor releases the lock, as after a replacement that the master has asked for itself.

    Raises:
        RefusedError: another master is being replaced, or another one has reported this instance already.

    """
    lock = Lock(EtcdClient.local(node), _LOCK_KEY)
    own = {"slot": slot, "instance": instance_id, "why": why[:200], "by": node.slot}
    holder = _acquire(lock, own)
    if holder.get("instance") == instance_id and holder.get("by", node.slot) != node.slot:
        raise RefusedError(f"the master of slot {holder['by']} has reported it")
    warning(f"reporting {instance_id} of slot {slot} unhealthy: {why}")
    try:
        _set_unhealthy(node, instance_id)
    except Exception:
        lock.release()
        raise


def _set_unhealthy(node: Node, instance_id: str) -> None:
    node.aws.call(
        lambda: node.aws.autoscaling.set_instance_health(
            InstanceId=instance_id, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
        )
    )


def _lock(node: Node) -> Lock:
    return Lock(EtcdClient.others(node), _LOCK_KEY)
