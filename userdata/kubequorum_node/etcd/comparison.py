"""Whether members have the same data: all of their keys, with their history, up to one revision.

etcd can compare them itself before it serves (InitialCorruptCheck), one member after the other, and waits for
those that are down. From here all members are asked at the same time, while the API server starts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import UNREADABLE, EtcdClient, Fingerprint
from kubequorum_node.etcd.topology import majority
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_SECONDS = 300.0
"""For a third member to appear and decide which of two others is right."""

T = TypeVar("T")


class DifferentDataError(NodeError):
    """This member's data differ from the others', and this member's are wrong."""


class NotComparableError(NodeError):
    """The hashes cannot be compared now."""


def fingerprints(node: Node, slots: Iterable[str]) -> dict[str, Fingerprint]:
    """The hashes of the members' data, up to a revision that all have; without members that do not answer.

    Raises:
        NotComparableError: a compaction is under way, which not all have done yet.

    """
    members = {slot: EtcdClient.of_slot(node, slot) for slot in slots}
    revisions = _ask(members, EtcdClient.revision)
    if not revisions:
        return {}
    # One of them may lag a little.
    revision = min(revisions.values())
    found = _ask({slot: members[slot] for slot in revisions}, lambda member: member.fingerprint(revision))
    if len({each.compact_revision for each in found.values()}) > 1:
        raise NotComparableError("a compaction is under way")
    return found


def require_same_data(node: Node) -> None:
    """Return if this member, which works, can be trusted: no member that answers has other data.

    One that differs is wrong if a majority of the members disagrees with it. Between two nobody can decide,
    so a third is waited for. Members that do not answer are skipped, as etcd does.

    Raises:
        DifferentDataError: a majority of the members agrees, and not with this one.
        WaitError: this one differs from another, and no third decides which is right.

    """
    slots = node.etcd_spec.slots
    if len(slots) > 1:
        node.clock.poll(
            "comparison of etcd's data with the other members'",
            lambda: _look(node, slots),
            seconds=_SECONDS,
            longest_pause=5.0,
        )


def _look(node: Node, slots: Iterable[str]) -> None:
    try:
        found = fingerprints(node, slots)
    except NotComparableError as error:
        raise NotYetError(str(error)) from error
    mine = found.pop(node.slot, None)
    if mine is None:
        raise NotYetError("the member on this node does not hash its data")
    different = sorted(slot for slot, theirs in found.items() if theirs != mine)
    if not different:
        if found:
            info(f"etcd's data are those of {', '.join(sorted(found))}")
        else:
            warning("etcd's data are not compared: no other member answers")
        return
    most = majority(node.etcd_spec)
    agreeing, count = Counter(found.values()).most_common(1)[0]
    if agreeing != mine and count >= most:
        raise DifferentDataError(f"its data differ from those of {', '.join(different)}, which agree")
    if len(found) - len(different) + 1 >= most:
        warning(
            f"the data of {', '.join(different)} differ from this member's, which most members agree with"
        )
        return
    raise NotYetError(
        f"they differ from those of {', '.join(different)}, and no majority says which are right"
    )


def _ask(members: Mapping[str, EtcdClient], question: Callable[[EtcdClient], T]) -> dict[str, T]:
    """Ask all at the same time; returns the answers of those that gave one."""

    def ask(member: EtcdClient) -> T | None:
        try:
            return question(member)
        except UNREADABLE:
            return None

    with ThreadPoolExecutor(max_workers=max(1, len(members))) as pool:
        answers = zip(members, pool.map(ask, members.values()), strict=True)
        return {slot: answer for slot, answer in answers if answer is not None}
