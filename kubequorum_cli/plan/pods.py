"""What Kubernetes says about a replacement of machines: pods that a drain disturbs, and old APIs."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubequorum_cli.kubernetes import ApiError, Client
from kubequorum_cli.plan import kinds
from kubequorum_cli.validate import Finding

_MIRROR = "kubernetes.io/config.mirror"
"""Annotation of the API object of a static pod, which belongs to its host."""
_ENDED = ("Succeeded", "Failed")
_DEPRECATED = re.compile(r"^apiserver_requested_deprecated_apis\{(?P<labels>[^}]*)\} (?P<value>\S+)", re.M)
"""https://kubernetes.io/docs/reference/using-api/deprecation-guide/#locate-use-of-deprecated-apis"""
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_STARTED = re.compile(r"^process_start_time_seconds (\S+)", re.M)
_LOOKS = 8
"""Each connection may reach another API server; of three, a given one is missed once in 25 times."""
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class DeprecatedApis:
    """Those that somebody has requested, by the API servers that answered."""

    apis: tuple[str, ...]
    servers: int


def disturbed(client: Client, nodes: Collection[str]) -> Iterator[Finding]:
    """Pods on these nodes that block a drain, are not made again, or lose data.

    Raises:
        ApiError: the API does not list them.
    """
    pods = [pod for pod in client.get("/api/v1/pods")["items"] if _moves(pod, nodes)]
    for budget in client.get("/apis/policy/v1/poddisruptionbudgets")["items"]:
        status, metadata = budget.get("status", {}), budget["metadata"]
        if status.get("disruptionsAllowed", 0) > 0:
            continue
        selector = budget["spec"].get("selector")
        held = [p for p in pods if _same_namespace(p, metadata) and _selects(selector, _labels(p))]
        if held:
            seen = (
                f"disruptionsAllowed 0 ({status.get('currentHealthy', 0)} of "
                f"{status.get('desiredHealthy', 0)} that must be healthy are), of {_names(held)}"
            )
            yield kinds.DRAIN_BLOCKED.of("budget", f"{metadata['namespace']}/{metadata['name']}", seen)
    if bare := [pod for pod in pods if not pod["metadata"].get("ownerReferences")]:
        yield kinds.BARE_POD.of("pod", _name(bare[0]), f"{len(bare)} without a controller: {_names(bare)}")
    if local := [pod for pod in pods if _keeps_data(pod)]:
        yield kinds.LOCAL_STORAGE.of("pod", _name(local[0]), f"{len(local)} with local data: {_names(local)}")


def deprecated_apis(client: Client) -> DeprecatedApis:
    """What the API servers have counted since they started.

    Raises:
        ApiError: none shows its metrics.
    """
    found: set[str] = set()
    servers: set[str] = set()
    for _ in range(_LOOKS):
        answer = client.ask("/metrics")
        if answer.status != 200:
            raise ApiError(f"/metrics answered with status {answer.status}: {answer.text[:200]}")
        servers.update(_STARTED.findall(answer.text))
        for match in _DEPRECATED.finditer(answer.text):
            if float(match["value"]) > 0:
                found.add(_api(dict(_LABEL.findall(match["labels"]))))
    return DeprecatedApis(apis=tuple(sorted(found)), servers=len(servers))


def _api(labels: Mapping[str, str]) -> str:
    group = f"{labels.get('group')}/" if labels.get("group") else ""
    removed = f", not served from {labels['removed_release']} on" if labels.get("removed_release") else ""
    return f"{labels.get('resource', '')} of {group}{labels.get('version', '')}{removed}"


def _moves(pod: Mapping[str, Any], nodes: Collection[str]) -> bool:
    owners = pod["metadata"].get("ownerReferences", [])
    return (
        pod["spec"].get("nodeName") in nodes
        and pod["status"].get("phase") not in _ENDED
        and _MIRROR not in pod["metadata"].get("annotations", {})
        and not any(owner["kind"] == "DaemonSet" for owner in owners)
    )


def _keeps_data(pod: Mapping[str, Any]) -> bool:
    return any(
        "hostPath" in volume or ("emptyDir" in volume and volume["emptyDir"].get("medium") != "Memory")
        for volume in pod["spec"].get("volumes", [])
    )


def _selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """A budget's label selector; an empty one selects all pods of its namespace, none at all no pod.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements
    """
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_meets(each, labels) for each in selector.get("matchExpressions", []))


def _meets(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values", [])
    outcomes = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return outcomes.get(expression["operator"], False)


def _labels(pod: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = pod["metadata"].get("labels", {})
    return found


def _same_namespace(pod: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    return bool(pod["metadata"]["namespace"] == metadata["namespace"])


def _name(pod: Mapping[str, Any]) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _names(pods: list[Mapping[str, Any]]) -> str:
    names = sorted(map(_name, pods))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
