"""Reports of the watchdog, where people look: the journal, the slot's record, an Event of the Node."""

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import events
from kubequorum_node.log import error, info, warning
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record
from kubequorum_node.watchdog.diagnosis import Condition, Verdict


def report(node: Node, verdict: Verdict) -> None:
    """Report a verdict everywhere; a report that fails is logged."""
    write = info if verdict.condition is Condition.WELL else error
    write(f"watchdog: {verdict}")
    reports: tuple[Callable[[], None], ...] = (
        lambda: slot_record.note(node, outcome(verdict)),
        lambda: events.create(
            node,
            component="kubequorum-watchdog",
            reason=reason(verdict),
            message=str(verdict),
            is_warning=verdict.condition is not Condition.WELL,
        ),
    )
    for send in reports:
        try:
            send()
        except (NodeError, ClientError, BotoCoreError) as failure:
            warning(f"watchdog: could not be reported: {failure}")


def outcome(verdict: Verdict) -> str:
    """The outcome in the slot's record."""
    return "ready" if verdict.condition is Condition.WELL else f"unwell: {verdict}"


def reason(verdict: Verdict) -> str:
    """The reason of an Event, in one word."""
    if verdict.condition is Condition.WELL:
        return "MasterWell"
    return f"Master{verdict.condition.value.title().replace(' ', '')}"
