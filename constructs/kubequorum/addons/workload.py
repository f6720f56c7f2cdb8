"""How programs of addons run: their image, probes and Deployment, and those that run on masters."""

from collections.abc import Mapping
from typing import Any, Protocol

from kubequorum.addons.objects import CONTROL_PLANE, REGISTRY, kubernetes_object
from kubequorum.config import Cluster

TOLERATIONS = [{"key": CONTROL_PLANE, "operator": "Exists", "effect": "NoSchedule"}]
"""Of what may run on masters."""
_ROLLING: Mapping[str, Any] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


class Program(Protocol):
    """Settings that every program of an addon has."""

    @property
    def image(self) -> str | None:
        """Its image, if the cluster file names one."""

    @property
    def version(self) -> str:
        """Its version, without a leading v."""


def image(cluster: Cluster, program: Program, path: str, *, registry: str = REGISTRY) -> str:
    """The image of a program: what the cluster file names, or the published one at a path of a registry.

    Args:
        cluster: the cluster file; its own registry, if it names one, has all images under the same paths.
        program: the addon's settings.
        path: without the registry.
        registry: where it is published.

    """
    place = cluster.kubernetes.image_repository or registry
    return program.image or f"{place}/{path}:v{program.version}"


def probe(path: str, *, port: str = "https") -> dict[str, Any]:
    """A probe of a port that is named after its protocol, `http` or `https`."""
    scheme = {"scheme": "HTTPS"} if port == "https" else {}
    return {"httpGet": {"path": path, "port": port, **scheme}, "periodSeconds": 10, "failureThreshold": 3}


def replicas_on_masters(cluster: Cluster) -> int:
    """Two, where there are two masters."""
    return min(2, len(cluster.zones))


def on_masters(replicas: int, labels: Mapping[str, str]) -> dict[str, Any]:
    """Of a pod's spec, what places it on masters; no two on one."""
    found: dict[str, Any] = {"nodeSelector": {CONTROL_PLANE: ""}, "tolerations": TOLERATIONS}
    if replicas > 1:
        found["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": labels},
                # Of a roll each revision is spread by itself.
                "matchLabelKeys": ["pod-template-hash"],
            }
        ]
    return found


def deployment(
    name: str,
    labels: Mapping[str, str],
    pod: Mapping[str, Any],
    *,
    replicas: int,
    strategy: Mapping[str, Any] = _ROLLING,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A Deployment; by default no pod goes before a new one is ready. `annotations` are those of its pods."""
    metadata: dict[str, Any] = {"labels": labels}
    if annotations:
        metadata["annotations"] = annotations
    return kubernetes_object(
        "apps/v1",
        "Deployment",
        name,
        labels=labels,
        spec={
            "replicas": replicas,
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": labels},
            "strategy": strategy,
            "template": {"metadata": metadata, "spec": pod},
        },
    )


def disruption_budgets(name: str, labels: Mapping[str, str], *, replicas: int) -> list[dict[str, Any]]:
    """A budget that leaves one pod; none for a single one, whose node it would keep from being drained."""
    if replicas == 1:
        return []
    spec = {"minAvailable": 1, "selector": {"matchLabels": labels}}
    return [kubernetes_object("policy/v1", "PodDisruptionBudget", name, labels=labels, spec=spec)]
