"""The wait until this node's member works and has a vote."""

from collections.abc import Callable
from typing import Any

from kubequorum_node.clock import NotYetError
from kubequorum_node.etcd.client import UNREADABLE, EtcdClient
from kubequorum_node.host import CommandError
from kubequorum_node.log import info
from kubequorum_node.node import Node

_START_SECONDS = 300.0
_PROMOTION_SECONDS = 600.0


def wait_until_voting(
    node: Node,
    *,
    check_hopeless: Callable[[], None] = lambda: None,
    interrupt: Callable[[], None] = lambda: None,
) -> int:
    """Wait until this node's member works and has a vote; one that has joined as a learner is promoted.

    Args:
        node: the node.
        check_hopeless: called while the member does not answer; raises if waiting is pointless.
        interrupt: called while there is no vote; raises if something else is to be done instead.

    Returns its id.

    Raises:
        WaitError: it does not start, or does not catch up; says what was seen last.

    """
    local = EtcdClient.local(node)

    def look() -> dict[str, Any]:
        try:
            return local.status()
        except UNREADABLE as error:
            check_hopeless()
            interrupt()
            raise NotYetError(f"the member on this node does not answer: {error}") from error

    status = node.clock.poll("etcd on this node", look, seconds=_START_SECONDS, pause=0.3, longest_pause=1.0)
    member_id = int(status["header"]["member_id"])
    if status.get("isLearner"):
        info(f"member {member_id:x} is a learner: it is promoted when it has caught up")
        _promote(node, member_id)

    def vote() -> None:
        try:
            _check_voting(local)
        except NotYetError:
            interrupt()
            raise

    node.clock.poll(
        "a vote and a leader for the member on this node",
        vote,
        seconds=_START_SECONDS,
        pause=0.3,
        longest_pause=1.0,
    )
    return member_id


def _promote(node: Node, member_id: int) -> None:
    others = EtcdClient.others(node)

    def attempt() -> None:
        try:
            others.promote(member_id)
        except CommandError as error:
            if "is not a learner" not in str(error):
                raise NotYetError(str(error)) from error

    node.clock.poll(
        "promotion of the learner", attempt, seconds=_PROMOTION_SECONDS, pause=1.0, longest_pause=5.0
    )


def _check_voting(local: EtcdClient) -> None:
    try:
        status = local.status()
        if status.get("isLearner"):
            raise NotYetError("it is still a learner")
        if not int(status.get("leader", 0)):
            raise NotYetError("it knows no leader: fewer than half of the members are up")
        local.read_with_quorum()
    except UNREADABLE as error:
        raise NotYetError(str(error)) from error
