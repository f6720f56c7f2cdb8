"""A member whose data cannot be used any more: it gives them up and joins anew from the others.

etcd itself does not do that: it ends, and is started again, for ever.
"""

from collections.abc import Callable
from datetime import datetime

from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import comparison, membership
from kubequorum_node.etcd.client import Etcd
from kubequorum_node.etcd.comparison import DifferentDataError, NotComparableError
from kubequorum_node.etcd.log import Cause, LastWords, last_words
from kubequorum_node.etcd.voting import wait_until_voting
from kubequorum_node.log import step
from kubequorum_node.node import Node
from kubequorum_node.repair import replacement
from kubequorum_node.repair.replacement import RefusedError
from kubequorum_node.volume import member_data, slot_record

_MANIFEST = "/etc/kubernetes/manifests/etcd.yaml"
_CRICTL = "/usr/local/bin/crictl"
_UNUSABLE = frozenset({Cause.DAMAGED, Cause.REMOVED})
_HASH_TRIES = 3

WriteManifest = Callable[[Node], None]
"""Writes etcd's static pod, by what `membership` has settled."""


class UnusableDataError(NodeError):
    """etcd has ended because of its data."""

    def __init__(self, words: LastWords) -> None:
        super().__init__(f"etcd cannot start, {words.cause.value}: {words.said}")


def start_member(node: Node, write_manifest: WriteManifest, *, since: datetime) -> int:
    """Wait until the member on this machine works, in a boot, with the data that the others have.

    One whose data are no good is repaired, once.

    Args:
        node: the machine.
        write_manifest: writes etcd's static pod anew.
        since: when etcd was started: what it said before does not count.

    Returns its id.

    Raises:
        NodeError: it does not start; a full or failing volume is said as such.

    """
    try:
        member = wait_until_voting(node, doubt=lambda: _look_why(node, since))
        comparison.require_same_data(node)
        return member
    except (UnusableDataError, DifferentDataError) as error:
        membership.give_up_data(node, because=str(error))
        begin = node.host.time()
        _join_anew(node, write_manifest)
    return wait_until_voting(node, doubt=lambda: _look_why(node, begin))


def repair(node: Node, write_manifest: WriteManifest, *, why: str, alarm: bool) -> None:
    """Let a member in service join anew, if the others can do without it meanwhile.

    Args:
        node: the machine.
        write_manifest: writes etcd's static pod anew.
        why: what is wrong with it.
        alarm: whether etcd itself has said that this member's data differ. With that alarm on no member
            serves anything, and so no lock can be had.

    Raises:
        RefusedError: the others cannot do without it, or do not agree with each other.

    """
    if alarm:
        require_agreement(node)
    else:
        replacement.require_others(node)
        replacement.take_lock(node, why=why)
    membership.give_up_data(node, because=why)
    _join_anew(node, write_manifest)
    if alarm:
        Etcd.others(node).disarm()
    wait_until_voting(node)
    slot_record.finish(node)
    replacement.release_lock(node)


def require_agreement(node: Node) -> None:
    """Return if the others have the same data as each other: then it is this member's that are wrong.

    Raises:
        RefusedError: they have not, or too few of them answer.

    """
    slots = [slot for slot in node.etcd_spec.slots if slot != node.slot]
    if len(slots) < len(node.etcd_spec.slots) // 2 + 1:
        raise RefusedError("nothing is done: nobody else has the data")
    for _ in range(_HASH_TRIES):
        try:
            found = comparison.fingerprints(node, slots)
        except NotComparableError as error:
            seen = str(error)
        else:
            if silent := [slot for slot in slots if slot not in found]:
                raise RefusedError(
                    "nothing is done: the others' data cannot be compared: "
                    f"{', '.join(silent)} does not answer"
                )
            if len(set(found.values())) == 1:
                return
            seen = (
                "they differ from each other, and nobody can say which are right. "
                "Restore a backup on all masters"
            )
        node.clock.sleep(1.0)
    raise RefusedError(f"nothing is done: the data of {', '.join(slots)} cannot be relied on: {seen}")


def _join_anew(node: Node, write_manifest: WriteManifest) -> None:
    """Stop the member, settle how it starts without its data, and start it. To be repeated after a crash."""
    with step("stop etcd"):
        node.host.run("systemctl", "stop", "kubelet.service")
    try:
        _remove_pods(node)
        # Whatever happens now, etcd must not start as it did before: with no data, as one of the first set.
        node.host.path(_MANIFEST).unlink(missing_ok=True)
        member_data.put_aside(node)
        membership.settle(node)
        write_manifest(node)
    finally:
        node.host.run("systemctl", "start", "kubelet.service")


def _remove_pods(node: Node) -> None:
    """Leave the kubelet what it finds after a start of the machine.

    It would not start another etcd while it finds the pod of the old one, and would not remove that before
    it has spoken to the API server; which answers nobody while etcd does not, so that it would wait for long.
    """
    for component in ("kube-apiserver", "etcd"):
        if found := _pods(node, component):
            node.host.run(_CRICTL, "rmp", "--force", *found, check=False)
    if left := _pods(node, "etcd"):
        raise NodeError(f"etcd's pod does not stop ({', '.join(left)}): its data are left alone")


def _pods(node: Node, component: str) -> list[str]:
    named = ("--namespace=kube-system", f"--label=component={component}")
    return node.host.run(_CRICTL, "pods", "--quiet", *named).stdout.split()


def _look_why(node: Node, since: datetime) -> None:
    """Say why etcd does not answer, if waiting does not help.

    Raises:
        UnusableDataError: its data are no good.
        NodeError: its volume is.

    """
    words = last_words(node, since=since)
    if words is None:
        return
    if words.cause in _UNUSABLE:
        raise UnusableDataError(words)
    raise NodeError(
        f"etcd cannot start, {words.cause.value}: {words.said}. For a full volume deploy a larger "
        "masters.etcd_volume.size_gib; for one that fails see its status checks and `dmesg`"
    )
