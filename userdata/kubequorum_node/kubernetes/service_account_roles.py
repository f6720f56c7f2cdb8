"""Gives pods the AWS role of their service account: an admission policy, evaluated in the API server.

A service account names its role in the annotation that EKS and its charts use. The policy gets all service
accounts of a pod's namespace as its parameters, and changes the pod for the one that is the pod's own. There
is no webhook, so there is nothing that could be down while pods are created.
https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
"""

import json
from typing import Any

from kubequorum_node import settings
from kubequorum_node.node import Node

NAME = "kubequorum-service-account-roles"
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
SECONDS_ANNOTATION = "eks.amazonaws.com/token-expiration"
VOLUME = "aws-iam-token"
FOLDER = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
"""Names that EKS's pod identity webhook uses: charts and programs expect them.
https://github.com/aws/amazon-eks-pod-identity-webhook"""
AUDIENCE = "sts.amazonaws.com"
_FILE = "token"
_DEFAULT_SECONDS = 86400
"""As EKS and kops: when all masters are gone for hours, pods still have their roles."""
_LEAST_SECONDS = 3600

Document = dict[str, Any]


def objects(node: Node) -> list[Document]:
    """The policy and its binding; they are of use in a cluster with an issuer only."""
    return manifest(region=node.document.region, endpoint=settings.aws_endpoint())


def manifest(*, region: str, endpoint: str | None) -> list[Document]:
    """The policy and its binding.

    Args:
        region: of the cluster, for SDKs of pods.
        endpoint: where AWS's API is, if not at its own address.

    """
    group = {"apiVersion": "admissionregistration.k8s.io/v1"}
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    policy = {
        **group,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": NAME},
        "spec": {
            "paramKind": {"apiVersion": "v1", "kind": "ServiceAccount"},
            "matchConstraints": {"resourceRules": [pods]},
            "matchConditions": [
                {"name": "is-the-pods-own", "expression": _IS_OWN},
                {"name": "has-a-role", "expression": _HAS_ROLE},
            ],
            # A pod without the role that it should have fails later, and where nobody looks.
            "failurePolicy": "Fail",
            # Containers that another policy or webhook adds later need it, too.
            "reinvocationPolicy": "IfNeeded",
            "variables": [
                {"name": "seconds", "expression": _SECONDS},
                {"name": "environment", "expression": _environment(region, endpoint)},
            ],
            "mutations": [
                # The sources of a projected volume are an atomic list, which an apply configuration must not
                # touch.
                {"patchType": "JSONPatch", "jsonPatch": {"expression": _volume()}},
                {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": _all_containers()}},
            ],
        },
    }
    binding = {
        **group,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": NAME},
        "spec": {
            "policyName": NAME,
            # All of the pod's namespace.
            "paramRef": {"selector": {}, "parameterNotFoundAction": "Allow"},
        },
    }
    return [policy, binding]


_IS_OWN = "has(object.spec.serviceAccountName) && params.metadata.name == object.spec.serviceAccountName"
_HAS_ROLE = (
    f"has(params.metadata.annotations) && '{ROLE_ANNOTATION}' in params.metadata.annotations"
    f" && params.metadata.annotations['{ROLE_ANNOTATION}'] != ''"
)
# What is not a number, or out of range, is corrected rather than refused: no pod must fail because of it.
_SECONDS = (
    f"'{SECONDS_ANNOTATION}' in params.metadata.annotations"
    f" && params.metadata.annotations['{SECONDS_ANNOTATION}'].matches('^[0-9]{{1,6}}$')"
    f" ? (int(params.metadata.annotations['{SECONDS_ANNOTATION}']) < {_LEAST_SECONDS} ? {_LEAST_SECONDS}"
    f" : int(params.metadata.annotations['{SECONDS_ANNOTATION}']) > {_DEFAULT_SECONDS} ? {_DEFAULT_SECONDS}"
    f" : int(params.metadata.annotations['{SECONDS_ANNOTATION}']))"
    f" : {_DEFAULT_SECONDS}"
)


def _environment(region: str, endpoint: str | None) -> str:
    """A CEL map: variables that the AWS SDKs read.

    https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
    """
    constant = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": f"{FOLDER}/{_FILE}",
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        # The Go SDK's exchange of the token heeds only the variable of its service.
        **(dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"), endpoint) if endpoint else {}),
    }
    # Parameters have no types: without the conversion the map's values would differ in theirs.
    entries = [f"'AWS_ROLE_ARN': string(params.metadata.annotations['{ROLE_ANNOTATION}'])"]
    entries += [f"'{name}': {json.dumps(value)}" for name, value in constant.items()]
    return "{" + ", ".join(entries) + "}"


def _volume() -> str:
    """A JSON patch that adds the token's volume, unless there is one of its name."""
    source = "Object.spec.volumes.projected.sources"
    volume = (
        f"Object.spec.volumes{{name: '{VOLUME}', projected: Object.spec.volumes.projected{{sources: ["
        f"{source}{{serviceAccountToken: {source}.serviceAccountToken{{"
        f"audience: '{AUDIENCE}', expirationSeconds: variables.seconds, path: '{_FILE}'}}}}]}}}}"
    )
    append = f"JSONPatch{{op: 'add', path: '/spec/volumes/-', value: {volume}}}"
    # The list first, and empty: an API server fails at a value that is a list of objects.
    begin = "JSONPatch{op: 'add', path: '/spec/volumes', value: []}"
    return (
        f"!has(object.spec.volumes) ? [{begin}, {append}]"
        f" : object.spec.volumes.exists(v, v.name == '{VOLUME}') ? [] : [{append}]"
    )


def _all_containers() -> str:
    """Variables and mounts for all containers; what is there under the same name stays as it is."""
    return (
        "Object{spec: Object.spec{"
        f"initContainers: has(object.spec.initContainers) ? {_containers('initContainers')} : [], "
        f"containers: {_containers('containers')}"
        "}}"
    )


def _containers(field: str) -> str:
    kind = f"Object.spec.{field}"
    # In a fixed order: a map has none.
    names = "variables.environment.map(n, n).sort()"
    lacks = "!has(c.env) || !c.env.exists(e, e.name == n)"
    mounted = (
        f"has(c.volumeMounts) && c.volumeMounts.exists(m, m.name == '{VOLUME}' || m.mountPath == '{FOLDER}')"
    )
    return (
        f"object.spec.{field}.map(c, {kind}{{name: c.name, "
        f"env: {names}.filter(n, {lacks}).map(n, {kind}.env{{name: n, value: variables.environment[n]}}), "
        f"volumeMounts: {mounted} ? [] : "
        f"[{kind}.volumeMounts{{name: '{VOLUME}', mountPath: '{FOLDER}', readOnly: true}}]}})"
    )
