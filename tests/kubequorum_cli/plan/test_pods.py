"""What Kubernetes says about a replacement, with recorded answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubequorum_cli.kubernetes import ApiError, Client
from kubequorum_cli.plan import pods
from tests.kubequorum_cli.api_stub import ApiStub, running_api

_BUDGETS = "/apis/policy/v1/poddisruptionbudgets"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStub]:
    """A Kubernetes API."""
    with running_api(Path(tmp_path_factory.mktemp("api"))) as stub:
        yield stub


def _pod(name: str, *, node: str = "i-1", owner: str = "ReplicaSet", **spec: Any) -> dict[str, Any]:
    owners = [{"kind": owner, "name": "x"}] if owner else []
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": {"app": name},
            "ownerReferences": owners,
        },
        "spec": {"nodeName": node, **spec},
        "status": {"phase": "Running"},
    }


def _budget(name: str, selector: dict[str, Any] | None, *, allowed: int = 0) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {} if selector is None else {"selector": selector},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1},
    }


def _found(api: ApiStub, listed: list[dict[str, Any]], budgets: list[dict[str, Any]]) -> dict[str, str]:
    api.answers = {"/api/v1/pods": {"items": listed}, _BUDGETS: {"items": budgets}}
    found = pods.disturbed(Client(api.access), {"i-1"})
    return {f"{finding.id} {finding.subject.id}": finding.seen for finding in found}


def test_a_budget_that_allows_nothing_holds_a_drain(api: ApiStub) -> None:
    """For pods on the nodes that end, by labels and expressions; others do not matter."""
    listed = [_pod("web"), _pod("db", node="i-2"), _pod("agent", owner="DaemonSet")]
    labels = {"matchLabels": {"app": "web"}}
    assert list(_found(api, listed, [_budget("b", labels)])) == ["drain-blocked shop/b"]
    (finding,) = pods.disturbed(Client(api.access), {"i-1"})
    assert finding.subject.kind == "budget"
    assert "shop/web" in _found(api, listed, [_budget("b", labels)])["drain-blocked shop/b"]
    assert _found(api, listed, [_budget("b", labels, allowed=1)]) == {}
    assert _found(api, listed, [_budget("b", {"matchLabels": {"app": "db"}})]) == {}
    assert _found(api, listed, [_budget("b", {"matchLabels": {"app": "agent"}})]) == {}
    assert _found(api, listed, [_budget("b", None)]) == {}
    assert _found(api, listed, [_budget("b", {})]) != {}
    for operator, values, holds in (
        ("In", ["web"], True),
        ("NotIn", ["web"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ):
        expression = {"key": "app", "operator": operator, "values": values}
        found = _found(api, listed, [_budget("b", {"matchExpressions": [expression]})])
        assert bool(found) is holds, operator


def test_pods_that_are_lost_or_lose_data(api: ApiStub) -> None:
    """Without a controller, or with a volume on their node."""
    listed = [
        _pod("bare", owner=""),
        _pod("cache", volumes=[{"name": "x", "emptyDir": {}}]),
        _pod("memory", volumes=[{"name": "x", "emptyDir": {"medium": "Memory"}}]),
        _pod("files", volumes=[{"name": "x", "hostPath": {"path": "/srv"}}]),
        _pod("elsewhere", node="i-2", owner=""),
    ]
    ended = _pod("done", owner="")
    ended["status"]["phase"] = "Succeeded"
    static = _pod("static", owner="")
    static["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    found = _found(api, [*listed, ended, static], [])
    assert found == {
        "bare-pod shop/bare": "1 without a controller: shop/bare",
        "local-storage shop/cache": "2 with local data: shop/cache, shop/files",
    }


def test_deprecated_apis_that_somebody_has_requested(api: ApiStub) -> None:
    """Once each, from all servers that answer; a counter of zero is no request."""
    labels = 'group="batch",removed_release="1.40",resource="cronjobs",subresource="",version="v1beta1"'
    other = 'group="",removed_release="",resource="componentstatuses",subresource="",version="v1"'
    zero = 'group="x",removed_release="1.41",resource="ys",subresource="",version="v1"'
    text = (
        "# TYPE apiserver_requested_deprecated_apis gauge\n"
        f"apiserver_requested_deprecated_apis{{{labels}}} 1\n"
        f"apiserver_requested_deprecated_apis{{{other}}} 1\n"
        f"apiserver_requested_deprecated_apis{{{zero}}} 0\n"
        "process_start_time_seconds 1.7e+09\n"
    )
    api.answers = {"/metrics": (200, text)}
    found = pods.deprecated_apis(Client(api.access))
    assert found.apis == (
        "componentstatuses of v1",
        "cronjobs of batch/v1beta1, not served from 1.40 on",
    )
    assert found.servers == 1
    api.answers = {"/metrics": (403, "forbidden")}
    with pytest.raises(ApiError, match="status 403: forbidden"):
        pods.deprecated_apis(Client(api.access))
