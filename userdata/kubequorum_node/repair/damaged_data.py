"""A member whose data are unusable: it discards them and joins again from the others.

etcd itself does not do that: it exits, and is restarted for ever.
"""

from datetime import datetime

from kubequorum_node.clock import RetryPolicy
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import comparison, manifest, membership
from kubequorum_node.etcd.client import EtcdClient
from kubequorum_node.etcd.comparison import DifferentDataError, NotComparableError
from kubequorum_node.etcd.exit_reason import Cause, ExitReason, find_exit_reason
from kubequorum_node.etcd.topology import majority, other_slots
from kubequorum_node.etcd.voting import wait_until_voting
from kubequorum_node.log import timed
from kubequorum_node.node import Node
from kubequorum_node.repair import replacement
from kubequorum_node.repair.peers import RefusedError, require_replaceable
from kubequorum_node.supervision import systemctl, unit_files
from kubequorum_node.volume import member_data, slot_record
from kubequorum_node.volume.restore_request import RestoreWatch
from kubequorum_node.volume.slot_volume import SlotVolume

_UNUSABLE = frozenset({Cause.DAMAGED, Cause.REMOVED})
_COMPARISON = RetryPolicy(attempts=3, pause_seconds=1.0)


class UnusableDataError(NodeError):
    """etcd has exited because of its data."""

    def __init__(self, reason: ExitReason) -> None:
        super().__init__(f"etcd cannot start, {reason.cause.value}: {reason.line}")


class _DisagreementError(Exception):
    """The others' data differ from each other."""


def start_member(node: Node, volume: SlotVolume, *, since: datetime) -> int:
    """Wait during a boot until this node's member works, with the same data as the others.

    One whose data are unusable is repaired, once.

    Args:
        node: the node.
        volume: the slot's volume.
        since: when etcd was started: earlier lines of its log do not count.

    Returns its id.

    Raises:
        NodeError: it does not start; a full or failing volume is named as such.
        RestoreRequestedError: a restore is requested meanwhile, which the slot's next boot carries out.

    """
    watch = RestoreWatch(node)
    try:
        member = wait_until_voting(
            node, check_hopeless=lambda: _check_exit(node, since), interrupt=watch.check
        )
        comparison.require_same_data(node)
        return member
    except (UnusableDataError, DifferentDataError) as error:
        membership.mark_for_rejoin(node, volume, because=str(error))
        restarted_at = node.host.time()
        _rejoin(node, volume)
    return wait_until_voting(node, check_hopeless=lambda: _check_exit(node, restarted_at))


def repair(node: Node, volume: SlotVolume, *, why: str, alarm: bool) -> None:
    """Let a member in service join again, if the others can do without it meanwhile.

    Args:
        node: the node.
        volume: the slot's volume.
        why: what is wrong with it.
        alarm: whether etcd itself has raised the alarm that this member's data differ. While it is active no
            member serves anything, so no lock can be taken.

    Raises:
        RefusedError: the others cannot do without it, or do not agree with each other.

    """
    try:
        if alarm:
            require_agreement(node)
        else:
            require_replaceable(node)
            replacement.take_lock(node, why=why)
    except RefusedError as error:
        raise RefusedError(f"not repaired: {error}") from error
    membership.mark_for_rejoin(node, volume, because=why)
    _rejoin(node, volume)
    if alarm:
        EtcdClient.others(node).disarm()
    wait_until_voting(node)
    slot_record.finish(node, volume_id=volume.volume_id)
    replacement.release_lock(node)


def require_agreement(node: Node) -> None:
    """Return if the others have the same data as each other: then this member's are wrong.

    Raises:
        RefusedError: they do not, or too few of them answer.

    """
    slots = other_slots(node.etcd_spec, node.slot)
    if len(slots) < majority(node.etcd_spec):
        raise RefusedError("nobody else has the data")
    try:
        node.clock.retry(
            lambda: _compare(node, slots),
            _COMPARISON,
            retry_if=lambda failure: isinstance(failure, (NotComparableError, _DisagreementError)),
        )
    except (NotComparableError, _DisagreementError) as error:
        raise RefusedError(f"the data of {', '.join(slots)} cannot be relied on: {error}") from error


def _compare(node: Node, slots: list[str]) -> None:
    found = comparison.fingerprints(node, slots)
    if silent := [slot for slot in slots if slot not in found]:
        raise RefusedError(f"the others' data cannot be compared: {', '.join(silent)} does not answer")
    if len(set(found.values())) > 1:
        raise _DisagreementError(
            "they differ from each other, and no majority says which are right. Make a snapshot of each "
            "volume, and choose the member whose data are right. Make it the leader (`etcdctl move-leader`), "
            "and clear the alarm (`etcdctl alarm disarm`). Then let the others copy its data, one after the "
            "other: terminate the instance and delete its volume. See docs/operations/volume.md"
        )


def _rejoin(node: Node, volume: SlotVolume) -> None:
    """Stop the member, settle how it starts without its data, and start it. Safe to repeat after a crash."""
    with timed("stop etcd"):
        systemctl.stop(node.host, unit_files.KUBELET)
    try:
        _remove_pods(node)
        # Whatever happens now, etcd must not start as it did before: with no data, as one of the first set.
        manifest.remove(node)
        member_data.quarantine(node)
        membership.settle(node, volume)
        manifest.write(node)
    finally:
        systemctl.start(node.host, unit_files.KUBELET)


def _remove_pods(node: Node) -> None:
    """Leave the kubelet what it finds after a restart of the host.

    It would not start another etcd while the pod of the old one exists, and would not remove that one before
    it has reached the API server; which answers nobody while etcd is down, so that it would wait for long.
    """
    for component in ("kube-apiserver", "etcd"):
        node.runtime.cri.remove_pods(node.runtime.cri.static_pods(component))
    if left := node.runtime.cri.static_pods("etcd"):
        raise NodeError(
            f"etcd's pod does not stop ({', '.join(left)}), so its data are not touched: reboot this instance"
        )


def _check_exit(node: Node, since: datetime) -> None:
    """Find out why etcd does not answer, if waiting does not help.

    Raises:
        UnusableDataError: because of its data.
        NodeError: because of its volume.

    """
    reason = find_exit_reason(node, since=since)
    if reason is None:
        return
    if reason.cause in _UNUSABLE:
        raise UnusableDataError(reason)
    raise NodeError(
        f"etcd cannot start, {reason.cause.value}: {reason.line}. If the volume is full, deploy a larger "
        "masters.etcd_volume.size_gib; if it fails, see its status checks and docs/operations/volume.md"
    )
