"""A worker that reads Secrets leaves its traces, whether it may or not."""

import base64
import json
from typing import Any

import pytest
import yaml

from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import Attacker
from tests.kubernetes.attacks.impostor import Impostor
from tests.kubernetes.pods import NETPROBE

pytestmark = pytest.mark.deploy


def _audit_events(cluster: Deployment, name: str) -> list[dict[str, Any]]:
    """What the API servers have recorded about a Secret."""
    found = []
    for instance_id in cluster.masters().values():
        grep = f"grep --no-filename {name} /var/log/kubernetes/audit/*.log || true"
        lines = cluster.sh(instance_id, grep).splitlines()
        found += [json.loads(line) for line in lines]
    references = ((event, event.get("objectRef", {})) for event in found)
    return [e for e, about in references if (about.get("resource"), about.get("name")) == ("secrets", name)]


def wait_until_recorded(cluster: Deployment, worker: Attacker, name: str, status: int) -> None:
    """Wait until the worker's read of a Secret is in an audit log, with its answer."""
    wanted = (f"system:node:{worker.node_name}", "get", status, "Metadata")

    def is_recorded() -> bool:
        return wanted in [
            (e["user"]["username"], e["verb"], e.get("responseStatus", {}).get("code"), e["level"])
            for e in _audit_events(cluster, name)
        ]

    cluster.wait_until(is_recorded, f"the read of {name} is recorded")


def test_who_uses_the_administrators_kubeconfig_is_in_an_event(cluster: Deployment, worker: Attacker) -> None:
    """Whoever has got hold of it; the cluster's own programs have other users, and cause none."""
    bucket = cluster.outputs("State")["StateBucketArn"].rpartition(":")[2]
    stored = cluster.client("s3").get_object(Bucket=bucket, Key="admin/kubeconfig")["Body"].read()
    user = yaml.safe_load(stored)["users"][0]["user"]
    pem = "".join(
        base64.b64decode(user[part]).decode() for part in ("client-certificate-data", "client-key-data")
    )
    thief, path = Impostor(cluster, worker.instance_id), "/root/administrator.pem"
    assert _uses(cluster, "Python-urllib/") == []
    cluster.run(worker.instance_id, f"umask 077; cat >{path}", stdin=pem.encode())
    try:
        assert (
            thief.does("get", path="/api/v1/namespaces/kube-system/secrets", certificate=path)["status"]
            == 200
        )
        cluster.wait_until(lambda: _uses(cluster, "Python-urllib/") != [], "an Event of it")
    finally:
        cluster.sh(worker.instance_id, f"rm {path}")
    (message,) = _uses(cluster, "Python-urllib/")
    assert message.endswith(": list /api/v1/namespaces/kube-system/secrets")


def _uses(cluster: Deployment, program: str) -> list[str]:
    """Messages of Events about the use of that kubeconfig by a program."""
    found = cluster.get("events", "-n", "default", "--field-selector=reason=AdministratorAccess")
    return [str(event["message"]) for event in found if f" by {program}" in event["message"]]


def test_a_secret_that_a_node_reads_is_found_in_the_audit_log(cluster: Deployment, worker: Attacker) -> None:
    """Of a pod on it, which it may read, and another, which it may not; contents are never recorded."""
    for name in ("mounted", "elsewhere"):
        metadata, data = {"name": name}, {"k": "sesame"}
        cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
    container = {
        "name": "c",
        "image": NETPROBE,
        "imagePullPolicy": "Never",
        "args": ["serve"],
        "env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "mounted", "key": "k"}}}],
    }
    spec = {"nodeName": worker.node_name, "containers": [container]}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader"}, "spec": spec})
    try:
        cluster.wait_until(
            lambda: worker.kubectl("get", "secret", "mounted").succeeded, "the node may read the Secret"
        )
        assert not worker.kubectl("get", "secret", "elsewhere").succeeded
        for name, status in (("mounted", 200), ("elsewhere", 403)):
            wait_until_recorded(cluster, worker, name, status)
        assert "sesame" not in json.dumps(_audit_events(cluster, "mounted"))
    finally:
        cluster.kubectl("delete", "pod/reader", "secret/mounted", "secret/elsewhere", "--now", "--wait=false")
