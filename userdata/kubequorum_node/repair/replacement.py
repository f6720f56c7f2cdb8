"""Whether a master may be taken out of the cluster for a while: only the others can say.

A health check must never take down a majority. So a master that is unwell asks the other members
themselves, and takes a lock that only a quorum of them can give.
"""

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import Etcd, Member
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubeadm.configuration import client_url, peer_url
from kubequorum_node.log import say
from kubequorum_node.node import Node

_LOCK = "kubequorum/replacement"
"""A key of etcd beside those of Kubernetes, which are below /registry."""
LOCK_SECONDS = 1500
"""Longer than the end of one master and the boot of the next may take together (300 + 900 s): a successor
that never comes up must not keep the others from help for ever."""
_READY = 200


class RefusedError(NodeError):
    """The cluster cannot do without this master, or is busy with another."""


@dataclass(frozen=True, kw_only=True)
class Others:
    """What this master has seen of the others."""

    members: tuple[Member, ...]
    """All members, as the others know them."""
    healthy: frozenset[str]
    """Slots of the others whose member serves reads through the consensus."""
    serving: frozenset[str]
    """Slots of the others whose API server is ready."""


def refusal(others: Others, *, slots: Collection[str], own_voters: int) -> str:
    """Why the cluster cannot do without this master; empty if it can.

    Args:
        others: what was seen of them.
        slots: all slots of the cluster.
        own_voters: how many of the members with a vote are this slot's: 1, or 0 while it has none.

    """
    voters = sum(not member.is_learner for member in others.members)
    # Of the cluster as it should be: while a member is missing or learns, no other may go.
    majority = max(voters, len(slots)) // 2 + 1
    if len(slots) == 1:
        return "it is the only master: nobody else has the data"
    if voters - own_voters < majority:
        return f"only {voters - own_voters} other members have a vote, and {majority} are needed"
    if len(others.healthy) < majority:
        names = ", ".join(sorted(others.healthy)) or "none"
        return (
            f"of the others only {names} is well, and {majority} must be: the cluster would lose its quorum"
        )
    if not others.serving:
        return "no other API server is ready either: what is wrong everywhere is not mended by a new machine"
    return ""


def ask(node: Node) -> Others:
    """Ask the other members, and their API servers.

    Raises:
        RefusedError: they have no quorum.

    """
    etcd = Etcd.others(node)
    slots = [slot for slot in node.etcd_spec.slots if slot != node.slot]
    if not slots:
        return Others(members=(), healthy=frozenset(), serving=frozenset())
    try:
        members = etcd.members()
    except (CommandError, LookupError, ValueError) as error:
        raise RefusedError(f"the others have no quorum, so nothing is done: {error}") from error
    healthy = etcd.healthy_endpoints()
    return Others(
        members=tuple(members),
        healthy=frozenset(slot for slot in slots if client_url(node.etcd_spec, slot) in healthy),
        serving=frozenset(slot for slot in slots if _serves(node, slot)),
    )


def require_others(node: Node) -> None:
    """Return if the cluster can do without this master.

    Raises:
        RefusedError: it cannot; says why.

    """
    others = ask(node)
    url = peer_url(node.etcd_spec, node.slot)
    own = sum(url in member.peer_urls and not member.is_learner for member in others.members)
    if reason := refusal(others, slots=node.etcd_spec.slots, own_voters=own):
        raise RefusedError(f"nothing is done: {reason}")


def take_lock(node: Node, *, why: str) -> None:
    """Take the right to be the one master that is out of service; the slot that has it may take it again.

    Raises:
        RefusedError: another slot has it, or the others cannot give it.

    """
    etcd = Etcd.others(node)
    value = json.dumps({"slot": node.slot, "instance": node.identity.instance_id, "why": why[:200]})
    try:
        if holder := _holder(etcd):
            _require_own(holder, node)
            return
        lease = etcd.grant_lease(LOCK_SECONDS)
        # Of two that come here at once, one finds what the other has put.
        put = f"put --lease={lease} {_LOCK} {_quoted(value)}"
        if not etcd.transact(f'create("{_LOCK}") = "0"\n\n{put}\n\nget {_LOCK}\n\n').get("succeeded"):
            _require_own(_holder(etcd), node)
    except (CommandError, LookupError, ValueError) as error:
        raise RefusedError(f"the others do not give the lock, so nothing is done: {error}") from error


def release_lock(node: Node) -> None:
    """Give the lock back if this slot has it: it is in service again. Failing is no failure: a lease ends."""
    if len(node.etcd_spec.slots) == 1:
        return
    etcd = Etcd.others(node)
    try:
        if _holder(etcd).get("slot") == node.slot:
            etcd.transact(f'create("{_LOCK}") > "0"\n\ndel {_LOCK}\n\n\n')
            say(f"slot {node.slot} is in service again: others may be replaced")
    except (CommandError, LookupError, ValueError, TypeError, AttributeError) as error:
        say(f"the lock {_LOCK} ends by itself: {error}")


def report_unhealthy(node: Node, *, why: str) -> None:
    """Have this instance replaced by its group, if the cluster can do without it.

    Raises:
        RefusedError: it cannot, or another master is being replaced.

    """
    require_others(node)
    take_lock(node, why=why)
    instance_id = node.identity.instance_id
    say(f"the others can do without this master: {instance_id} reports itself unhealthy")
    try:
        node.aws.call(
            lambda: node.aws.autoscaling.set_instance_health(
                InstanceId=instance_id, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
            )
        )
    except Exception:
        release_lock(node)
        raise


def _holder(etcd: Etcd) -> dict[str, str]:
    """Who has the lock; empty if nobody has."""
    answer = etcd.transact(f'create("{_LOCK}") > "0"\n\nget {_LOCK}\n\n\n')
    if not answer.get("succeeded"):
        return {}
    (found,) = answer["responses"][0]["Response"]["response_range"]["kvs"]
    holder: dict[str, str] = json.loads(base64.b64decode(found["value"]))
    return holder


def _require_own(holder: dict[str, str], node: Node) -> None:
    if holder and holder.get("slot") != node.slot:
        raise RefusedError(
            f"nothing is done: slot {holder.get('slot')} ({holder.get('instance')}) is being replaced"
        )


def _serves(node: Node, slot: str) -> bool:
    addresses = node.host.resolve(node.etcd_spec.slots[slot].etcd_name)
    urls = [f"https://{address}:{API_PORT}/readyz" for address in sorted(addresses)]
    return any(node.host.https_status(url, ca_file=CA_CERTIFICATE, timeout=5.0) == _READY for url in urls)


def _quoted(value: str) -> str:
    """As `etcdctl txn` reads a word: in double quotes, with Go's escapes."""
    return json.dumps(value)
