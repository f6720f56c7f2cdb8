"""Whether objects work, by what their controllers say of them. Pure: from an object's status to a sentence.

The rules are those of `kubectl rollout status` and `kubectl wait`.
"""

from collections.abc import Callable, Mapping
from typing import Any

Found = Mapping[str, Any]


def why_not_ready(found: Found) -> str:
    """What is missing; empty if the object is ready, or of a kind that has no such notion."""
    check = _CHECKS.get((found["apiVersion"].partition("/")[0], found["kind"]))
    return "" if check is None else check(found)


def _is_observed(found: Found) -> bool:
    """Whether the status is about the object as it is now."""
    return int(found.get("status", {}).get("observedGeneration", 0)) >= int(
        found["metadata"].get("generation", 0)
    )


def _conditions(found: Found) -> list[Any]:
    """Conditions in its status; a kind that was just defined has null there."""
    return (found.get("status") or {}).get("conditions") or []


def _deployment(found: Found) -> str:
    wanted = int(found["spec"].get("replicas", 1))
    status = found.get("status", {})
    if not _is_observed(found):
        return "its change was not seen yet"
    for condition in _conditions(found):
        if condition["type"] == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            return str(condition.get("message") or "it makes no progress")
    updated, available = (int(status.get(key, 0)) for key in ("updatedReplicas", "availableReplicas"))
    if updated < wanted or int(status.get("replicas", 0)) > updated or available < wanted:
        return f"{available} of {wanted} pods available, {updated} up to date"
    return ""


def _daemon_set(found: Found) -> str:
    status = found.get("status", {})
    if not _is_observed(found):
        return "its change was not seen yet"
    wanted = int(status.get("desiredNumberScheduled", 0))
    updated, available = (int(status.get(key, 0)) for key in ("updatedNumberScheduled", "numberAvailable"))
    return (
        f"{available} of {wanted} pods available, {updated} up to date"
        if min(updated, available) < wanted
        else ""
    )


def _stateful_set(found: Found) -> str:
    wanted = int(found["spec"].get("replicas", 1))
    status = found.get("status", {})
    if not _is_observed(found):
        return "its change was not seen yet"
    updated, ready = (int(status.get(key, 0)) for key in ("updatedReplicas", "readyReplicas"))
    return f"{ready} of {wanted} pods ready, {updated} up to date" if min(updated, ready) < wanted else ""


def _condition(wanted: str) -> Callable[[Found], str]:
    def check(found: Found) -> str:
        for condition in _conditions(found):
            if condition["type"] == wanted:
                return (
                    "" if condition["status"] == "True" else str(condition.get("message") or f"not {wanted}")
                )
        return f"not {wanted} yet"

    return check


_CHECKS: Mapping[tuple[str, str], Callable[[Found], str]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _condition("Complete"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _condition("Established"),
    ("apiregistration.k8s.io", "APIService"): _condition("Available"),
}
"""By API group and kind."""
