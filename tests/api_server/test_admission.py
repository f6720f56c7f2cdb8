"""Pods, Services, tokens and encryption: what the files and flags of masters make of a real API server."""

import base64
import json
import time
from typing import Any

import pytest

from tests.api_server.servers import ApiServer
from tests.unit.node import examples

_LEVELS = ("privileged", "baseline", "restricted")
_HOST_NETWORK = {"hostNetwork": True}
_PRIVILEGED = {"securityContext": {"privileged": True}}
_RESTRICTED = {
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
}


@pytest.fixture(scope="module")
def cluster(server: ApiServer) -> ApiServer:
    """An API server with what masters write: payments is restricted, monitoring privileged."""
    server.apply_shared_objects(examples.DOCUMENT)
    for namespace in ("default", "kube-system", "payments", "monitoring"):
        with_default_account(server, namespace)
    return server


def with_default_account(server: ApiServer, namespace: str) -> None:
    """The controller manager would create it."""
    server.post(f"/api/v1/namespaces/{namespace}", {})
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    assert server.post(f"/api/v1/namespaces/{namespace}/serviceaccounts", account).status in {201, 409}


def host_pod() -> dict[str, Any]:
    """A pod that is root on its node."""
    spec = {**_HOST_NETWORK, "containers": [{"name": "c", "image": "i", **_PRIVILEGED}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}, "spec": spec}


def external_service() -> dict[str, Any]:
    """A Service that claims the address of a master."""
    spec = {"ports": [{"port": 443}], "externalIPs": ["10.20.0.5"]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "thief"}, "spec": spec}


def claims_of_pods_token(server: ApiServer) -> dict[str, Any]:
    """What is in a token that a kubelet gets for a pod."""
    namespace = "/api/v1/namespaces/default"
    spec = {"containers": [{"name": "c", "image": "i"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bound"}, "spec": spec}
    assert server.post(f"{namespace}/pods", pod).status == 201
    bound = {"apiVersion": "v1", "kind": "Pod", "name": "bound"}
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3607, "boundObjectRef": bound},
    }
    reply = server.post(f"{namespace}/serviceaccounts/default/token", request)
    assert reply.status == 201, reply
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(reply.body["status"]["token"].split(".")[1] + "==")
    )
    return claims


def _create(
    server: ApiServer,
    namespace: str,
    *,
    pod: dict[str, Any] | None = None,
    container: dict[str, Any] | None = None,
) -> Any:
    spec = {"containers": [{"name": "c", "image": "i", **(container or {})}], **(pod or {})}
    item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}, "spec": spec}
    return server.post(f"/api/v1/namespaces/{namespace}/pods?dryRun=All", item)


def test_baseline_is_enforced_where_nothing_else_is_said(cluster: ApiServer) -> None:
    """An ordinary pod is admitted, with a warning that it is not restricted; a privileged one is not."""
    ordinary = _create(cluster, "default")
    assert ordinary.status == 201, ordinary
    assert 'would violate PodSecurity \\"restricted:latest\\"' in ordinary.warning
    for refused in (
        _create(cluster, "default", pod=_HOST_NETWORK),
        _create(cluster, "default", pod={"hostPID": True}),
        _create(cluster, "default", container=_PRIVILEGED),
        _create(cluster, "default", pod={"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
    ):
        assert refused.status == 403
        assert 'violates PodSecurity "baseline:latest"' in refused.message


def test_the_control_planes_namespace_is_exempt(cluster: ApiServer) -> None:
    """kube-proxy is privileged, and in the host's network."""
    reply = _create(cluster, "kube-system", pod=_HOST_NETWORK, container=_PRIVILEGED)
    assert (reply.status, reply.warning) == (201, "")


def test_namespaces_of_the_cluster_file_have_their_standard(cluster: ApiServer) -> None:
    """Stricter or less strict than the default."""
    assert _create(cluster, "monitoring", container=_PRIVILEGED).status == 201
    assert 'violates PodSecurity "restricted:latest"' in _create(cluster, "payments").message
    assert _create(cluster, "payments", container=_RESTRICTED).status == 201


def test_a_service_cannot_claim_a_foreign_address(cluster: ApiServer) -> None:
    """Its traffic would be taken from whoever has the address."""
    path = "/api/v1/namespaces/default/services?dryRun=All"
    reply = cluster.post(path, external_service())
    assert reply.status == 403
    assert "Use of external IPs is denied" in reply.message
    honest = external_service()
    del honest["spec"]["externalIPs"]
    assert cluster.post(path, honest).status == 201


def test_a_pods_token_is_valid_for_an_hour(cluster: ApiServer) -> None:
    """Kubelets ask for 3607 seconds, which the API server by default turns into a year."""
    claims = claims_of_pods_token(cluster)
    assert claims["exp"] - claims["iat"] == 3607
    assert claims["exp"] - time.time() < 3700
    assert claims["kubernetes.io"]["pod"]["name"] == "bound"


def test_secrets_and_config_maps_are_encrypted_and_others_are_not(cluster: ApiServer) -> None:
    """What etcd has is unreadable, and what the API gives is what was written."""
    for kind, plural in (("Secret", "secrets"), ("ConfigMap", "configmaps")):
        value = base64.b64encode(b"open-sesame").decode() if kind == "Secret" else "open-sesame"
        item = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "s"}, "data": {"k": value}}
        path = f"/api/v1/namespaces/default/{plural}"
        assert cluster.post(path, item).status == 201
        stored = cluster.stored(f"{plural}/default/s")
        assert stored.startswith(b"k8s:enc:secretbox:v1:key1:")
        assert b"open-sesame" not in stored
        assert cluster.ask("GET", f"{path}/s").body["data"] == {"k": value}
    assert cluster.stored("serviceaccounts/default/default").startswith(b"k8s\x00")


@pytest.mark.parametrize("path", ["/", "/version", "/metrics", "/livez/etcd", "/api/v1/namespaces"])
def test_without_credentials_only_health_is_shown(cluster: ApiServer, path: str) -> None:
    """And cluster-info, which tests of joining read."""
    assert cluster.ask("GET", path, user="").status == 401
    assert cluster.ask("GET", "/readyz", user="").status == 200
