"""What Calico's own service accounts may write about nodes and pods: less than RBAC can say.

Calico keeps a node's addresses in annotations of its Node, and a pod's in annotations of the pod; both are
written through the status, and RBAC knows no part of a status. The token of calico-node is on every node:
whoever took one over could otherwise change the state, the labels and the address of any node or pod.
"""

from typing import Any

from kubequorum.addons.calico.names import CNI_PLUGIN, NODE, calico_object
from kubequorum.addons.objects import NAMESPACE

_NAME = "kubequorum-calico"
_GROUP = "admissionregistration.k8s.io/v1"
_NODE_CLAIM = "authentication.kubernetes.io/node-name"
"""In a token that is bound to a pod: the node on which that runs.
https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-structure"""
_IS_NODE, _IS_POD = "request.resource.resource == 'nodes'", "request.resource.resource == 'pods'"
_FIXED_IN_NODES = ("addresses", "allocatable", "capacity", "daemonEndpoints", "nodeInfo")


def objects() -> list[dict[str, Any]]:
    """The policy and its binding."""
    users = [f"system:serviceaccount:{NAMESPACE}:{account}" for account in (NODE, CNI_PLUGIN)]
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["UPDATE"],
                    "resources": ["nodes/status", "pods/status"],
                }
            ]
        },
        "matchConditions": [
            {"name": "by-calico", "expression": f"request.userInfo.username in {users!r}"},
        ],
        "validations": [
            {"expression": expression, "message": message} for expression, message in _validations()
        ],
    }
    binding = {"policyName": _NAME, "validationActions": ["Deny", "Audit"]}
    return [
        calico_object(_GROUP, "ValidatingAdmissionPolicy", _NAME, namespaced=False, spec=spec),
        calico_object(_GROUP, "ValidatingAdmissionPolicyBinding", _NAME, namespaced=False, spec=binding),
    ]


def _validations() -> list[tuple[str, str]]:
    labels = "{0}.metadata.?labels.orValue({{}})"
    conditions = "{0}.?status.?conditions.orValue([]).filter(c, c.type != 'NetworkUnavailable')"
    fixed = [_same(f"{{0}}.?status.?{field}") for field in _FIXED_IN_NODES]
    return [
        (
            f"!({_IS_NODE}) || object.metadata.name in request.userInfo.?extra['{_NODE_CLAIM}'].orValue([])",
            "calico-node may change the Node that it runs on, and no other one",
        ),
        (_same(labels), "Calico may not change labels: pods are placed, and policies applied, by them"),
        (
            f"!({_IS_NODE}) || ({' && '.join([*fixed, _same(conditions)])})",
            "of a Node's status, Calico may change the condition NetworkUnavailable only",
        ),
        (
            f"!({_IS_POD}) || {_same('{0}.?status')}",
            "Calico may not change a pod's status, only its annotations",
        ),
    ]


def _same(part: str) -> str:
    """That a part of the object is as it was."""
    return f"{part.format('object')} == {part.format('oldObject')}"
