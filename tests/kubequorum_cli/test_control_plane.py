"""What the Kubernetes API lists of the control plane, as an operator sees it."""

from typing import Any

import pytest

from kubequorum_cli.kubernetes import ApiError, Client, look_at_control_plane
from tests.kubequorum_cli.test_kubernetes import ACCESS

_TABLE = {
    "columnDefinitions": [{"name": "Name"}, {"name": "Status"}, {"name": "Node"}],
    "rows": [
        {"cells": ["web-1", "Running", "i-worker"]},
        {"cells": ["web-2", "Running", "i-worker"]},
        {"cells": ["done", "Completed", "i-worker"]},
        {"cells": ["waits", "Pending", "<none>"]},
        {"cells": ["etcd-i-a", "Running", "i-a"]},
    ],
}


def _pod(component: str, node: str, *, ready: bool) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"{component}-{node}",
            "labels": {"component": component, "tier": "control-plane"},
        },
        "spec": {"nodeName": node},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def _answers(monkeypatch: pytest.MonkeyPatch, **other: object) -> None:
    """Let an API answer; a lease of the scheduler does not exist."""
    answers: dict[str, object] = {
        "kube-system/pods": {
            "items": [
                _pod("kube-scheduler", "i-a", ready=True),
                _pod("etcd", "i-b", ready=False),
                _pod("kube-controller-manager", "i-a", ready=True),
                _pod("kube-controller-manager", "i-b", ready=True),
            ]
        },
        "leases/kube-controller-manager": {"spec": {"holderIdentity": "ip-10-0-0-2_4f0c"}},
        "/api/v1/pods?": _TABLE,
        **other,
    }

    def get(_: object, path: str, headers: dict[str, str] | None = None) -> object:
        if path.startswith("/api/v1/pods?"):
            assert headers is not None
            assert "as=Table" in headers["Accept"]
        for part, answer in answers.items():
            if part in path:
                return answer
        raise ApiError(f"{path}: not found")

    monkeypatch.setattr(Client, "__init__", lambda *_: None)
    monkeypatch.setattr(Client, "get", get)


def test_parts_leaders_and_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who leads holds the lease; a component without one has no leader; pods are those that run."""
    _answers(monkeypatch)
    found = look_at_control_plane(ACCESS)
    assert [(part.name, part.node, part.ready) for part in found.parts] == [
        ("kube-controller-manager", "i-a", True),
        ("kube-scheduler", "i-a", True),
        ("etcd", "i-b", False),
        ("kube-controller-manager", "i-b", True),
    ]
    assert found.leaders == {"kube-controller-manager": "ip-10-0-0-2"}
    assert found.pods == {"i-worker": 2, "i-a": 1}


def test_a_silent_api_is_a_problem_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an empty control plane that looks as if it was seen."""

    def silent(*_: object) -> object:
        raise ApiError("nobody answers")

    monkeypatch.setattr(Client, "__init__", lambda *_: None)
    monkeypatch.setattr(Client, "get", silent)
    found = look_at_control_plane(ACCESS)
    assert (found.problem, found.parts, found.pods) == ("nobody answers", [], {})
