"""Events about Nodes, by default this host's, which `kubectl get events` and `kubectl describe node` show."""

import json
from datetime import datetime

from kubequorum_node.kubernetes import api_server
from kubequorum_node.kubernetes.path_client import PathClient
from kubequorum_node.node import Node

_TIME = "%Y-%m-%dT%H:%M:%SZ"
EVENTS = "/api/v1/namespaces/default/events"
_SECONDS = 5.0
"""Nothing waits for an Event for long: what is done about the trouble comes after it."""
_MESSAGE_LENGTH = 1024
"""Of an Event's note (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/)."""


def create(
    node: Node, *, component: str, reason: str, message: str, is_warning: bool, about: str = ""
) -> None:
    """Create an Event about a Node.

    Args:
        node: the host.
        component: what reports it.
        reason: one word in CamelCase.
        message: a sentence for people.
        is_warning: whether it is a Warning, or Normal.
        about: name of the Node; without it, this host's.

    Raises:
        CommandError: no API server accepts it.

    """
    text = event(
        about or node.identity.node_name,
        reporter=node.identity.node_name,
        component=component,
        reason=reason,
        message=message,
        is_warning=is_warning,
        now=node.host.time(),
    )
    # Through any API server that the load balancer finds: this host's may be what is unwell.
    node.host.run(
        api_server.KUBECTL,
        f"--kubeconfig={api_server.ADMIN_KUBECONFIG}",
        f"--request-timeout={_SECONDS:.0f}s",
        "create",
        f"--raw={EVENTS}",
        "--filename=-",
        stdin=text,
        timeout=2 * _SECONDS,
    )


def create_as_node(node: Node, api: PathClient, *, component: str, reason: str, message: str) -> None:
    """Create a Warning about this host's own Node, with the kubelet's credentials.

    Raises:
        ApiError: it is refused, or the API does not answer.

    """
    name = node.identity.node_name
    text = event(
        name,
        reporter=name,
        component=component,
        reason=reason,
        message=message,
        is_warning=True,
        now=node.host.time(),
    )
    api.create(EVENTS, json.loads(text))


def event(
    name: str,
    *,
    reporter: str,
    component: str,
    reason: str,
    message: str,
    is_warning: bool,
    now: datetime,
) -> str:
    """An Event about a Node, as JSON; `reporter` is the host, for the other arguments see `create`."""
    written = now.strftime(_TIME)
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{name}.", "namespace": "default"},
            "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": name, "uid": name},
            "type": "Warning" if is_warning else "Normal",
            "reason": reason,
            "message": message[:_MESSAGE_LENGTH],
            "source": {"component": component, "host": reporter},
            "firstTimestamp": written,
            "lastTimestamp": written,
            "count": 1,
        }
    )
