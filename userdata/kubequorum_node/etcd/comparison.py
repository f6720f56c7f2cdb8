"""Whether members have the same data: all of their keys, with their history, up to one revision.

etcd can do it itself before it serves (InitialCorruptCheck), one member after the other, and waits for those
that are down. Asked from here all of them work at the same time, while the API server starts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import Etcd, Fingerprint
from kubequorum_node.host import CommandError
from kubequorum_node.log import say
from kubequorum_node.node import Node

_SECONDS = 300.0
"""For a third member to come and say which of two others is right."""

T = TypeVar("T")


class DifferentDataError(NodeError):
    """This member's data are not those of the others, and it is this member's that are wrong."""


class NotComparableError(NodeError):
    """Hashes say nothing now."""


def fingerprints(node: Node, slots: Iterable[str]) -> dict[str, Fingerprint]:
    """What the members' data hash to, up to a revision that all have; without those that do not answer.

    Raises:
        NotComparableError: they are amid a compaction, which not all have done yet.

    """
    members = {slot: Etcd.of_slot(node, slot) for slot in slots}
    revisions = _ask(members, Etcd.revision)
    if not revisions:
        return {}
    # One of them may be a little behind.
    revision = min(revisions.values())
    found = _ask({slot: members[slot] for slot in revisions}, lambda member: member.fingerprint(revision))
    if len({each.compact_revision for each in found.values()}) > 1:
        raise NotComparableError("they are amid a compaction")
    return found


def require_same_data(node: Node) -> None:
    """Return if this member, which works, may be counted on: no member that answers has other data.

    One that differs is wrong if most members agree against it. Between two nobody can say it, so a third is
    waited for. Members that do not answer are passed over, as etcd does.

    Raises:
        DifferentDataError: most of the members agree with each other, and not with this one.
        WaitError: this one differs from another, and no third says which is right.

    """
    slots = node.etcd_spec.slots
    if len(slots) > 1:
        node.clock.poll(
            "etcd's data, compared with the others'",
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
        raise NotYetError("this machine's member does not hash its data")
    different = sorted(slot for slot, theirs in found.items() if theirs != mine)
    if not different:
        compared = f"those of {', '.join(sorted(found))}" if found else "nobody's: no other member answers"
        say(f"etcd's data have been compared with {compared}")
        return
    most = len(node.etcd_spec.slots) // 2 + 1
    agreeing, count = Counter(found.values()).most_common(1)[0]
    if agreeing != mine and count >= most:
        raise DifferentDataError(f"its data differ from those of {', '.join(different)}, which agree")
    if len(found) - len(different) + 1 >= most:
        say(f"the data of {', '.join(different)} differ from this member's, and most are with this one")
        return
    raise NotYetError(f"they differ from those of {', '.join(different)}, and nobody says which are right")


def _ask(members: Mapping[str, Etcd], question: Callable[[Etcd], T]) -> dict[str, T]:
    """Ask all at the same time; the answers of those that gave one."""

    def ask(member: Etcd) -> T | None:
        try:
            return question(member)
        except (CommandError, LookupError, ValueError):
            return None

    with ThreadPoolExecutor(max_workers=max(1, len(members))) as pool:
        answers = zip(members, pool.map(ask, members.values()), strict=True)
        return {slot: answer for slot, answer in answers if answer is not None}
