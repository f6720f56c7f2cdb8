"""The audit policy on a real API server: each request of the table is recorded at its level."""

import time
from typing import Any

from tests.api_server.servers import ApiServer
from tests.unit.node.kubernetes.audit_requests import REQUESTS

_BODY = {"stringData": {"k": "open-sesame"}, "data": {"k": "b3Blbi1zZXNhbWU="}}


def test_each_request_is_recorded_at_its_level(server: ApiServer) -> None:
    """Also those that are refused, and never what is in a Secret or ConfigMap."""
    ids = {}
    statuses = {}
    for request in REQUESTS:
        is_write = request.verb in {"create", "update", "patch"}
        kind = "application/merge-patch+json" if request.verb == "patch" else "application/json"
        body = _BODY if is_write and ("secrets" in request.path or "configmaps" in request.path) else {}
        reply = server.ask(
            request.method, request.url, body if is_write else None, user=request.user, kind=kind
        )
        ids[request], statuses[request] = reply.audit_id, reply.status
    last = ids[next(request for request in reversed(REQUESTS) if request.level != "None")]
    found = _levels(server, until=last)
    wrong = {
        request: (found.get(ids[request], "None"), statuses[request])
        for request in REQUESTS
        if found.get(ids[request], "None") != request.level
    }
    assert wrong == {}
    refused = [request for request in REQUESTS if statuses[request] in {401, 403}]
    assert len(refused) > 15
    assert [request for request in refused if request.level == "None"] == []
    text = (server.folder / "audit/audit.log").read_text(encoding="utf-8")
    assert "open-sesame" not in text
    assert "b3Blbi1zZXNhbWU=" not in text


def _levels(server: ApiServer, *, until: str) -> dict[str, str]:
    """Audit id to level, once the log has an id: the API server writes it a little later."""
    levels: dict[str, Any] = {}
    for _ in range(100):
        levels = {event["auditID"]: event["level"] for event in server.audit_events()}
        if until in levels:
            break
        time.sleep(0.1)
    return levels
