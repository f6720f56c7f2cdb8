"""The driver's objects besides its pods: driver, storage class, service accounts and rights."""

from typing import Any

from kubequorum.addons.ebs_csi.names import DRIVER, LABELS, NAME, NODE_ACCOUNT
from kubequorum.addons.objects import RBAC, binding, kubernetes_object
from kubequorum.addons.role import ROLE_ANNOTATION, role_arn
from kubequorum.config import Cluster

STORAGE_CLASS = "gp3"
_READ = ["get", "list", "watch"]
_STORAGE = "storage.k8s.io"


def classes(*, is_default: bool) -> list[dict[str, Any]]:
    """The driver, and a class of encrypted gp3 volumes in the zone of the pod that first needs one."""
    default = {"storageclass.kubernetes.io/is-default-class": str(is_default).lower()}
    return [
        _object(
            f"{_STORAGE}/v1",
            "CSIDriver",
            DRIVER,
            namespaced=False,
            spec={"attachRequired": True, "podInfoOnMount": False, "fsGroupPolicy": "File"},
        ),
        _object(
            f"{_STORAGE}/v1",
            "StorageClass",
            STORAGE_CLASS,
            namespaced=False,
            annotations=default,
            provisioner=DRIVER,
            # With the account's own key for EBS.
            parameters={"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
            volumeBindingMode="WaitForFirstConsumer",
            allowVolumeExpansion=True,
            reclaimPolicy="Delete",
        ),
    ]


def accounts(cluster: Cluster) -> list[dict[str, Any]]:
    """The controller's, with the AWS role, and the node plugins', without one."""
    return [
        _object("v1", "ServiceAccount", NAME, annotations={ROLE_ANNOTATION: role_arn(cluster, NAME)}),
        _object("v1", "ServiceAccount", NODE_ACCOUNT),
    ]


def rights() -> list[dict[str, Any]]:
    """The controller's are those of its helpers together; a node plugin only reads."""
    leases = _rule("coordination.k8s.io", "leases", *_READ, "create", "delete", "update")
    controller = [
        _rule("", "persistentvolumes", *_READ, "create", "delete", "patch"),
        _rule("", "persistentvolumeclaims", *_READ, "update"),
        _rule("", "persistentvolumeclaims/status", "patch"),
        _rule("", "events", "create", "list", "patch", "update", "watch"),
        _rule("", "nodes", *_READ),
        _rule("", "pods", *_READ),
        _rule(_STORAGE, "csinodes", *_READ),
        _rule(_STORAGE, "storageclasses", *_READ),
        _rule(_STORAGE, "volumeattachments", *_READ, "patch"),
        _rule(_STORAGE, "volumeattachments/status", "patch"),
        _rule(_STORAGE, "volumeattributesclasses", *_READ),
    ]
    node = [_rule("", "nodes", "get"), _rule(_STORAGE, "volumeattachments", *_READ)]
    return [
        _object(f"{RBAC}/v1", "ClusterRole", NAME, namespaced=False, rules=controller),
        binding("ClusterRoleBinding", NAME, "ClusterRole", NAME, account=NAME, labels=LABELS),
        _object(f"{RBAC}/v1", "Role", NAME, rules=[leases]),
        binding("RoleBinding", NAME, "Role", NAME, account=NAME, labels=LABELS),
        _object(f"{RBAC}/v1", "ClusterRole", NODE_ACCOUNT, namespaced=False, rules=node),
        binding(
            "ClusterRoleBinding",
            NODE_ACCOUNT,
            "ClusterRole",
            NODE_ACCOUNT,
            account=NODE_ACCOUNT,
            labels=LABELS,
        ),
    ]


def _rule(group: str, kind: str, *verbs: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [kind], "verbs": list(verbs)}


def _object(api_version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return kubernetes_object(api_version, kind, name, labels=LABELS, **content)
