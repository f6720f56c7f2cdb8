"""Kubernetes objects of addons, as Python values."""

from collections.abc import Mapping
from typing import Any

NAMESPACE = "kube-system"
"""Of all addons that come with Kubequorum: only administrators may create pods and tokens there."""
REGISTRY = "registry.k8s.io"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
"""Label and taint of masters."""
RBAC = "rbac.authorization.k8s.io"


def kubernetes_object(
    api_version: str,
    kind: str,
    name: str,
    *,
    labels: Mapping[str, str],
    namespaced: bool = True,
    annotations: Mapping[str, str] | None = None,
    **content: Any,
) -> dict[str, Any]:
    """An object with its metadata; `content` is what it has besides, e.g. `spec`."""
    metadata: dict[str, Any] = {"name": name, "labels": dict(labels)}
    if namespaced:
        metadata["namespace"] = NAMESPACE
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def binding(
    kind: str, name: str, role_kind: str, role: str, *, account: str, labels: Mapping[str, str]
) -> dict[str, Any]:
    """A binding of a role to a service account of `NAMESPACE`."""
    return kubernetes_object(
        f"{RBAC}/v1",
        kind,
        name,
        labels=labels,
        namespaced=kind == "RoleBinding",
        roleRef={"apiGroup": RBAC, "kind": role_kind, "name": role},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}],
    )


def restricted(*, user: int) -> dict[str, Any]:
    """A container's security context, as the Pod Security Standard `restricted` wants it, and read-only."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def arguments(ours: Mapping[str, str], extra: Mapping[str, str]) -> list[str]:
    """Flags of a program; `extra` overrides ours."""
    return [f"--{name}={value}" for name, value in {**ours, **extra}.items()]
