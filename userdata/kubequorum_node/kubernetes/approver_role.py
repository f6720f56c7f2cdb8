"""RBAC of the service that answers kubelets' certificate requests."""

from typing import Any

APPROVER = "kubequorum:node-approver"
"""Its user, and the name of its roles."""
_RBAC = "rbac.authorization.k8s.io"
_CERTIFICATES = "certificates.k8s.io"
_REQUESTS = "certificatesigningrequests"

Rule = dict[str, list[str]]


def objects() -> list[dict[str, Any]]:
    """It approves and denies what kubelets ask of two signers, and says so in Events; nothing else."""
    signers = ["kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"]
    rules: list[Rule] = [
        {"apiGroups": [_CERTIFICATES], "resources": [_REQUESTS], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [_CERTIFICATES], "resources": [f"{_REQUESTS}/approval"], "verbs": ["update"]},
        {
            "apiGroups": [_CERTIFICATES],
            "resources": ["signers"],
            "resourceNames": signers,
            "verbs": ["approve"],
        },
    ]
    reports: list[Rule] = [{"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}]
    return [*_bound("ClusterRole", rules), *_bound("Role", reports)]


def _bound(kind: str, rules: list[Rule]) -> list[dict[str, Any]]:
    """A role and its binding: for the whole cluster, or for the namespace `default`."""
    metadata = {"name": APPROVER, **({"namespace": "default"} if kind == "Role" else {})}
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": APPROVER},
            "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": APPROVER}],
        },
    ]
