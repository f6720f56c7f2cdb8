"""Whether objects work, by their status."""

from typing import Any

import pytest

from kubequorum_node.addons.readiness import why_not_ready


def _found(
    api_version: str, kind: str, *, spec: Any = None, generation: int = 2, **status: Any
) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "x", "generation": generation},
        "spec": spec or {},
        "status": status,
    }


def _condition(kind: str, status: str, **more: str) -> list[dict[str, str]]:
    return [{"type": kind, "status": status, **more}]


READY = [
    _found(
        "apps/v1", "Deployment", spec={"replicas": 2}, observedGeneration=2, replicas=2, updatedReplicas=2,
        availableReplicas=2,
    ),
    _found("apps/v1", "Deployment", spec={"replicas": 0}, observedGeneration=3),
    _found(
        "apps/v1", "DaemonSet", observedGeneration=2, desiredNumberScheduled=3, updatedNumberScheduled=3,
        numberAvailable=3,
    ),
    _found("apps/v1", "DaemonSet", observedGeneration=2, desiredNumberScheduled=0),
    _found("apps/v1", "StatefulSet", observedGeneration=2, updatedReplicas=1, readyReplicas=1),
    _found("batch/v1", "Job", conditions=_condition("Complete", "True")),
    _found("apiregistration.k8s.io/v1", "APIService", conditions=_condition("Available", "True")),
    # Kinds that have no such notion, and one of the same name in another group.
    _found("v1", "ConfigMap"),
    _found("example.com/v1", "Deployment"),
]  # fmt: skip
UNREADY = [
    (_found("apps/v1", "Deployment", spec={"replicas": 2}), "not seen yet"),
    (
        _found(
            "apps/v1", "Deployment", spec={"replicas": 2}, observedGeneration=2, replicas=3,
            updatedReplicas=2, availableReplicas=2,
        ),
        "2 of 2 pods available, 2 up to date",
    ),
    (
        _found(
            "apps/v1", "Deployment", observedGeneration=2,
            conditions=_condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="stuck"),
        ),
        "stuck",
    ),
    (_found("apps/v1", "DaemonSet", observedGeneration=2, desiredNumberScheduled=2), "0 of 2"),
    (_found("apps/v1", "StatefulSet", observedGeneration=2, updatedReplicas=1), "0 of 1"),
    (_found("batch/v1", "Job"), "not Complete yet"),
    # As the API server has it until its controller has looked for the first time.
    (
        _found("apiextensions.k8s.io/v1", "CustomResourceDefinition", conditions=None, storedVersions=["v1"]),
        "not Established yet",
    ),
    (
        _found(
            "apiregistration.k8s.io/v1", "APIService",
            conditions=_condition("Available", "False", message="no endpoints"),
        ),
        "no endpoints",
    ),
]  # fmt: skip


@pytest.mark.parametrize("found", READY, ids=lambda found: found["kind"])
def test_ready(found: dict[str, Any]) -> None:
    """All that its controller should do is done."""
    assert why_not_ready(found) == ""


@pytest.mark.parametrize(
    ("found", "said"), UNREADY, ids=lambda value: value if isinstance(value, str) else ""
)
def test_not_ready(found: dict[str, Any], said: str) -> None:
    """The sentence says what is missing."""
    assert said in why_not_ready(found)
