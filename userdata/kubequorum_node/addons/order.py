"""In which order objects are applied, and which are never deleted."""

from collections.abc import Iterable, Mapping
from typing import Any

from kubequorum_node.kubernetes.objects import Ref

_FIRST = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "NetworkPolicy",
    "Service",
)
_LAST = (
    # What could refuse or delay requests comes after the workload that answers them: an addon must not block
    # its own repair.
    "APIService",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
)
DEFINES = frozenset({"Namespace", "CustomResourceDefinition"})
"""What other objects of the same addon may need before they can be applied."""
KEPT = frozenset({"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"})
"""Deleting one of these deletes what people have put into it: that is left to them."""


def to_apply(objects: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Objects in the order in which they are applied."""
    return sorted(objects, key=lambda each: _rank(each["kind"]))


def to_delete(refs: Iterable[Ref]) -> list[Ref]:
    """Names in the order in which objects are deleted: what was applied last goes first."""
    return sorted(refs, key=lambda ref: (-_rank(ref.kind), ref))


def _rank(kind: str) -> int:
    if kind in _FIRST:
        return _FIRST.index(kind)
    if kind in _LAST:
        return len(_FIRST) + 1 + _LAST.index(kind)
    return len(_FIRST)
