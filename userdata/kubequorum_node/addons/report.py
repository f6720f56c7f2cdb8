"""Tells the stack that waits for a set of addons how that ended, and people what was changed."""

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.addon_set import AddonSetLocation
from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.signals import StackSignals, Status, signal_id
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import events
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_COMPONENT = "kubequorum-addons"


class StackReport:
    """Signals the resource that waits, once for each set; all masters may, and the first one counts."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._answered: set[tuple[str, float]] = set()

    def ready(self, location: AddonSetLocation, written: float) -> None:
        """All addons of a set are ready.

        Args:
            location: the set.
            written: since when it is in force; the same set may be deployed again.

        Raises:
            ClientError, BotoCoreError: AWS does not answer.

        """
        self._send(location, written, "SUCCESS", f"addons ready {location.sha256}")

    def failed(self, location: AddonSetLocation, written: float, reason: str) -> None:
        """An addon of a set failed, or the set itself is unusable; the stack's event shows the reason.

        For the arguments see `ready`.

        Raises:
            ClientError, BotoCoreError: AWS does not answer.

        """
        self._send(location, written, "FAILURE", reason)

    def _send(self, location: AddonSetLocation, written: float, status: Status, text: str) -> None:
        answered = (location.signal, written)
        if not location.signal or answered in self._answered:
            return
        outcome = StackSignals(self._aws, location.stack).send(location.signal, status, signal_id(text))
        if outcome != "not yet":
            self._answered.add(answered)
        if outcome == "sent":
            info(f"signalled {location.stack}: {status}: {text}")


def tell(node: Node, message: str, *, is_warning: bool) -> None:
    """Log a sentence and show it as an Event of this host's Node; an Event that fails is logged only."""
    (warning if is_warning else info)(message)
    try:
        events.create(
            node,
            component=_COMPONENT,
            reason="AddonProblem" if is_warning else "AddonChanged",
            message=message,
            is_warning=is_warning,
        )
    except (NodeError, ClientError, BotoCoreError) as error:
        warning(f"no Event could be created: {error}")
