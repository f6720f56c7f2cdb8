"""A node that is gone registers no more: the policy on a real API server, with and without its binding."""

from typing import Any

from kubequorum_node.kubernetes import revoked_nodes
from tests.api_server.reply import Reply
from tests.api_server.servers import NODE, ApiServer
from tests.unit.node import examples

_LIST = f"/api/v1/namespaces/{revoked_nodes.NAMESPACE}/configmaps/{revoked_nodes.NAME}"
_BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
_NODE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "i-0123456789abcdef0"},
    "spec": {"providerID": "aws:///eu-central-1a/i-0123456789abcdef0"},
}


def _register(server: ApiServer, **arguments: Any) -> Reply:
    return server.post("/api/v1/nodes?dryRun=All", _NODE, **arguments)


def _settles(server: ApiServer, status: int, **arguments: Any) -> Reply:
    """What a registration is answered when the API server has noticed a change."""
    reply = _register(server, **arguments)
    for _ in range(200):
        if reply.status == status:
            break
        reply = _register(server, **arguments)
    return reply


def test_a_name_on_the_list_is_not_registered_by_a_node(server: ApiServer) -> None:
    """An administrator may; an empty list, or none, stops nobody."""
    server.apply_shared_objects(examples.DOCUMENT)
    assert _settles(server, 201, user=NODE).status == 201
    server.patch(_LIST, {"data": {"i-0aaaaaaaaaaaaaaaa": "2026-01-01T00:00:00Z"}})
    assert _register(server, user=NODE).status == 201
    server.patch(_LIST, {"data": {"i-0123456789abcdef0": "2026-01-01T00:00:00Z"}})
    refused = _settles(server, 403, user=NODE)
    assert (refused.status, "is terminated" in refused.message) == (403, True), refused
    assert _register(server).status == 201
    # What masters write again leaves the names on the list.
    server.apply_shared_objects(examples.DOCUMENT)
    assert _register(server, user=NODE).status == 403
    try:
        server.ask("DELETE", f"{_BINDINGS}/{revoked_nodes.NAME}")
        assert _settles(server, 201, user=NODE).status == 201, "the policy is what refuses"
    finally:
        server.ask("DELETE", _LIST)
        server.apply_shared_objects(examples.DOCUMENT)
