"""Headlamp: a dashboard without any right."""

from typing import Any

from kubequorum.addons import addon_set
from tests.synthesis import load_variant


def _objects() -> dict[str, Any]:
    (addon,) = (each for each in addon_set(load_variant("dashboard")).addons if each.name == "headlamp")
    found = {each["kind"]: each for each in addon.objects}
    assert len(found) == len(addon.objects)
    return found


def _pod() -> dict[str, Any]:
    pod: dict[str, Any] = _objects()["Deployment"]["spec"]["template"]["spec"]
    return pod


def test_it_may_do_nothing() -> None:
    """No role is bound to its account; the chart's default would be cluster-admin."""
    assert set(_objects()) == {"ServiceAccount", "Service", "Deployment"}


def test_its_pod_has_no_token() -> None:
    """In its place is a text that is no secret: the program looks for a file there, and does not send it."""
    pod = _pod()
    assert pod["automountServiceAccountToken"] is False
    assert _objects()["ServiceAccount"]["automountServiceAccountToken"] is False
    (projected,) = (volume["projected"] for volume in pod["volumes"] if "projected" in volume)
    assert not [source for source in projected["sources"] if "serviceAccountToken" in source]
    files = {
        item["path"] for source in projected["sources"] for kind in source.values() for item in kind["items"]
    }
    assert files == {"ca.crt", "token"}
    assert not [argument for argument in pod["containers"][0]["args"] if "unsafe" in argument]


def test_it_is_reached_inside_the_cluster_only() -> None:
    """By a Service without a load balancer, and without a port of nodes."""
    spec = _objects()["Service"]["spec"]
    assert spec.get("type", "ClusterIP") == "ClusterIP"
    assert not [port for port in spec["ports"] if "nodePort" in port]
    assert "hostNetwork" not in _pod()


def test_tokens_of_people_pass_through_masters_only() -> None:
    """Whoever takes over a worker would read them."""
    assert _pod()["nodeSelector"] == {"node-role.kubernetes.io/control-plane": ""}
