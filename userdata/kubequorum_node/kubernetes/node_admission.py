"""What a node may write about itself: a ValidatingAdmissionPolicy for the group system:nodes.

The admission plugin NodeRestriction confines a node to its own Node and pods, and keeps it from changing its
taints and the labels that Kubernetes reserves
(https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction). It says
nothing about the rest: addresses, pod range, provider id, and the labels by which pods are placed.

An expression is evaluated for each request, and may read no other object: that two Nodes do not claim the
same is for readers to check (`node_claims`).
"""

from typing import Any

from kubequorum_node.kubernetes.node_claims import AddressPlan

NAME = "kubequorum-nodes"
_GROUP = "admissionregistration.k8s.io/v1"
_KUBELET_PORT = 10250
_FREE_LABELS = ("kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/os")
"""Those that a kubelet corrects when it starts with an old Node of its name; they follow from its program."""

_ZONE = "'topology.kubernetes.io/zone'"
_ZONE_OF_VOLUMES = "'topology.ebs.csi.aws.com/zone'"
"""The label that a kubelet adds for the EBS CSI driver, when that has registered on its node.
https://kubernetes-csi.github.io/docs/topology.html"""
_IS_CREATE = "request.operation == 'CREATE'"
_ADDRESSES = "object.?status.?addresses.orValue([])"
_OLD_ADDRESSES = "oldObject.?status.?addresses.orValue([])"
_LABELS = "object.metadata.?labels.orValue({})"
_OLD_LABELS = "oldObject.metadata.?labels.orValue({})"


def objects(plan: AddressPlan) -> list[dict[str, Any]]:
    """The policy and its binding."""
    policy = {
        "apiVersion": _GROUP,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": NAME},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["nodes", "nodes/status"],
                    }
                ]
            },
            "matchConditions": [
                {"name": "by-a-node", "expression": "'system:nodes' in request.userInfo.groups"}
            ],
            "validations": [
                {"expression": expression, "message": message} for expression, message in _validations(plan)
            ],
        },
    }
    binding = {
        "apiVersion": _GROUP,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": NAME},
        "spec": {"policyName": NAME, "validationActions": ["Deny", "Audit"]},
    }
    return [policy, binding]


def _validations(plan: AddressPlan) -> list[tuple[str, str]]:
    """CEL expressions that must be true, each with the message for the node that is refused."""
    in_vpc = f"isIP(a.address) && cidr('{plan.vpc_cidr}').containsIP(a.address)"
    free = ", ".join(f"'{label}'" for label in _FREE_LABELS)
    same = f"key in [{free}] || (key in {{1}} && {{1}}[key] == {{0}}[key])"
    own_zone = (
        f"(key == {_ZONE_OF_VOLUMES} && {_provider_id('oldObject')}.startsWith('aws:///' + {{0}}[key] + '/'))"
    )
    no_labels_less = f"{{0}}.all(key, {same})".format(_OLD_LABELS, _LABELS)
    no_new_labels = f"{{0}}.all(key, {same} || {own_zone})".format(_LABELS, _OLD_LABELS)
    return [
        (
            f"{_pod_ranges('object')} == ({_IS_CREATE} ? [] : {_pod_ranges('oldObject')})",
            "a node may not set its pod range: kube-controller-manager assigns it",
        ),
        (
            f"{_IS_CREATE} ? {_provider_id('object')}.matches('^aws:///[a-z0-9-]+/i-[0-9a-f]+$')"
            f" && {_provider_id('object')}.endsWith('/' + object.metadata.name)"
            f" : {_provider_id('object')} == {_provider_id('oldObject')}",
            # A node's name is its instance's id, and bound to its certificate.
            "a node registers with the provider id of its own instance, and may not change it",
        ),
        (
            f"{_ADDRESSES}.all(a, a.type == 'InternalIP' ? {in_vpc}"
            " : a.type == 'Hostname' && a.address == object.metadata.name)",
            f"a node's addresses are an InternalIP in {plan.vpc_cidr}, and its name as Hostname",
        ),
        (
            f"{_ADDRESSES}.filter(a, a.type == 'InternalIP').size() <= 1",
            "a node has one InternalIP",
        ),
        (
            f"{_IS_CREATE} || {_OLD_ADDRESSES}.filter(a, a.type == 'InternalIP')"
            f".all(a, {_ADDRESSES}.exists(b, b == a))",
            "a node may not change its InternalIP: an instance keeps its address",
        ),
        (
            f"{_port()} in [0, {_KUBELET_PORT}]",
            f"a kubelet's port is {_KUBELET_PORT}",
        ),
        (
            f"!({_IS_CREATE}) || !({_ZONE} in {_LABELS})"
            f" || {_provider_id('object')}.startsWith('aws:///' + {_LABELS}[{_ZONE}] + '/')",
            "a node's zone is that of its provider id",
        ),
        (
            f"{_IS_CREATE} || ({no_new_labels} && {no_labels_less})",
            "a node may not change its labels after its registration: pods are placed by them",
        ),
    ]


def _pod_ranges(name: str) -> str:
    """Its pod ranges; podCIDR is always the first of podCIDRs, if the API server has accepted them."""
    return (
        f"({name}.?spec.?podCIDRs.orValue([])"
        f" + (({name}.?spec.?podCIDR.orValue('') == '' || size({name}.?spec.?podCIDRs.orValue([])) > 0)"
        f" ? [] : [{name}.spec.podCIDR]))"
    )


def _provider_id(name: str) -> str:
    return f"{name}.?spec.?providerID.orValue('')"


def _port() -> str:
    return "object.?status.?daemonEndpoints.?kubeletEndpoint.?Port.orValue(0)"
