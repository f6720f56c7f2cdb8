"""What masters share belongs to one version of Kubernetes: a master of another one leaves it alone."""

import json
import re
from dataclasses import replace

import pytest

from kubequorum_node.volume import slot_record
from kubequorum_node.volume.slot_record import SlotRecord
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

_VERSION = re.compile(r"^kubernetesVersion: v(\S+)$", re.MULTILINE)
_OTHER = "1.35.9"
_NAMESPACE = ("-n", "kube-system")


def _stored_version(cluster: Deployment, *, write: str = "") -> str:
    """The version that kubeadm's configuration in the cluster says; first written there, if one is given."""
    found = json.loads(cluster.kubectl("get", "configmap", "kubeadm-config", *_NAMESPACE, "-o", "json"))
    if write:
        text = _VERSION.sub(f"kubernetesVersion: v{write}", found["data"]["ClusterConfiguration"])
        patch = json.dumps({"data": {"ClusterConfiguration": text}})
        cluster.kubectl("patch", "configmap", "kubeadm-config", *_NAMESPACE, "--patch", patch)
        return write
    (version,) = _VERSION.findall(found["data"]["ClusterConfiguration"])
    return str(version)


def _has_mark(cluster: Deployment) -> bool:
    """Whether kube-proxy's configuration still has the label that kubeadm would remove."""
    (proxy,) = cluster.get("configmaps", *_NAMESPACE, "--field-selector=metadata.name=kube-proxy")
    return "before" in proxy["metadata"]["labels"]


def _let_b_run(cluster: Deployment, version: str) -> None:
    """Write it into the record of slot b."""
    s3 = cluster.client("s3")
    where = {
        "Bucket": cluster.outputs("State")["StateBucketArn"].rpartition(":")[2],
        "Key": slot_record.key("b"),
    }
    record = SlotRecord.from_json(s3.get_object(**where)["Body"].read().decode())
    s3.put_object(**where, Body=replace(record, kubernetes=version).to_json().encode())


def test_it_follows_when_the_last_master_has_come(cluster: Deployment) -> None:
    """Master a has the newer version, and b has not; afterwards b has it, too. With the real kubeadm."""
    master, mine = cluster.master("a"), _stored_version(cluster)
    _stored_version(cluster, write=_OTHER)
    cluster.kubectl("label", "configmap", "kube-proxy", *_NAMESPACE, "before=yes")
    _let_b_run(cluster, _OTHER)
    try:
        cluster.sh(master, "kubequorum-node configure-cluster")
        said = cluster.sh(master, "kubequorum-node follow-masters 2>&1")
        assert f"slot b runs {_OTHER}" in said
        assert _stored_version(cluster) == _OTHER
        assert _has_mark(cluster)
    finally:
        _let_b_run(cluster, mine)
    cluster.sh(master, "kubequorum-node follow-masters")
    assert _stored_version(cluster) == mine
    assert not _has_mark(cluster)
