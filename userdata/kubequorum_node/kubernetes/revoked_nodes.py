"""Nodes whose instance is gone and whose certificate may still be valid: nobody registers under their names.

Kubernetes does not revoke certificates. A node's is worth what its Node object gives it: the pods that are
bound to it, and what they use. So whoever has copied the certificate of a node that is gone must not be able
to register that Node again. Instance ids are not given out twice: a name on this list stays useless.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from kubequorum_node.kubernetes.api_server import kubectl
from kubequorum_node.node import Node

NAME = "kubequorum-revoked-nodes"
NAMESPACE = "kube-system"
KEPT = timedelta(days=8)
"""Longer than a certificate that the cluster signs for a kubelet is valid (`--cluster-signing-duration`)."""
_ADMISSION = "admissionregistration.k8s.io/v1"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def objects() -> list[dict[str, Any]]:
    """The list, without the names that masters add, and the policy that holds registrations against it.

    https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#parameter-resources
    """
    policy = {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": NAME},
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["nodes"],
                    }
                ]
            },
            "matchConditions": [
                {"name": "by-a-node", "expression": "'system:nodes' in request.userInfo.groups"}
            ],
            "validations": [
                {
                    "expression": "!has(params.data) || !(object.metadata.name in params.data)",
                    "message": "the instance of this name is terminated",
                    "reason": "Forbidden",
                }
            ],
        },
    }
    reference = {"name": NAME, "namespace": NAMESPACE, "parameterNotFoundAction": "Allow"}
    binding = {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": NAME},
        "spec": {"policyName": NAME, "paramRef": reference, "validationActions": ["Deny"]},
    }
    return [_empty_list(), policy, binding]


def revoke(node: Node, names: list[str], now: datetime) -> None:
    """Put names on the list, and remove those whose certificates have expired.

    Before their Nodes are deleted: in between they could be registered again.

    Raises:
        CommandError: the API server refuses it.

    """
    where = ("configmap", NAME, f"--namespace={NAMESPACE}")
    read = kubectl(node, "get", *where, "--ignore-not-found", "--output=json").stdout
    if not read.strip():
        # Somebody has deleted it.
        kubectl(node, "apply", "--server-side", "-f", "-", stdin=json.dumps(_empty_list()))
    known: dict[str, str] = json.loads(read or "{}").get("data") or {}
    change: dict[str, str | None] = dict.fromkeys(expired(known, now))
    change |= dict.fromkeys(names, now.strftime(_TIME))
    options = ("--type=merge", "--patch-file=/dev/stdin")
    kubectl(node, "patch", *where, *options, stdin=json.dumps({"data": change}))


def expired(known: dict[str, str], now: datetime) -> list[str]:
    """Names that need not be on the list any more; a time that cannot be read was written by nobody of us."""
    return [name for name, revoked in known.items() if _is_before(revoked, now - KEPT)]


def _empty_list() -> dict[str, Any]:
    metadata = {"name": NAME, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def _is_before(written: str, limit: datetime) -> bool:
    try:
        return datetime.strptime(written, _TIME).replace(tzinfo=UTC) < limit
    except ValueError:
        return False
