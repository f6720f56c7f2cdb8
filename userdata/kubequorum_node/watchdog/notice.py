"""Reports of the watchdog, where people look: the journal, the slot's record, an Event of the Node."""

import json
from collections.abc import Callable
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import api_server
from kubequorum_node.log import error, info, warning
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record
from kubequorum_node.watchdog.diagnosis import Condition, Verdict

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_EVENT_SECONDS = 5.0
"""Short, because the remedy waits for it."""
_MESSAGE_LENGTH = 1024
"""Of an Event's note (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/)."""


def report(node: Node, verdict: Verdict) -> None:
    """Report a verdict everywhere; a report that fails is logged."""
    write = info if verdict.condition is Condition.WELL else error
    write(f"watchdog: this master is {verdict}")
    reports: tuple[Callable[[], None], ...] = (
        lambda: slot_record.note(node, outcome(verdict)),
        lambda: _create_event(node, event(node, verdict, node.host.time())),
    )
    for send in reports:
        try:
            send()
        except (NodeError, ClientError, BotoCoreError) as failure:
            warning(f"watchdog: could not be reported: {failure}")


def outcome(verdict: Verdict) -> str:
    """The outcome in the slot's record."""
    return "ready" if verdict.condition is Condition.WELL else f"unwell: {verdict}"


def event(node: Node, verdict: Verdict, now: datetime) -> str:
    """An Event about this host's Node."""
    well = verdict.condition is Condition.WELL
    name = node.identity.node_name
    written = now.strftime(_TIME)
    words = verdict.condition.value.title().replace(" ", "")
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{name}.", "namespace": "default"},
            "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": name, "uid": name},
            "type": "Normal" if well else "Warning",
            "reason": "MasterWell" if well else f"Master{words}",
            "message": str(verdict)[:_MESSAGE_LENGTH],
            "source": {"component": "kubequorum-watchdog", "host": name},
            "firstTimestamp": written,
            "lastTimestamp": written,
            "count": 1,
        }
    )


def _create_event(node: Node, text: str) -> None:
    """Through the load balancer: the API server of this host may be what is unwell."""
    node.host.run(
        api_server.KUBECTL,
        f"--kubeconfig={api_server.ADMIN_KUBECONFIG}",
        f"--request-timeout={_EVENT_SECONDS:.0f}s",
        "create",
        "--raw=/api/v1/namespaces/default/events",
        "--filename=-",
        stdin=text,
        timeout=2 * _EVENT_SECONDS,
    )
