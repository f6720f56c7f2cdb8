"""A worker that is taken stays that worker: it becomes no other node.

The last test switches the defence off, and the same attack succeeds.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from kubequorum_node.document import API_PORT
from lab.cluster import automatic_approval
from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import masters_addresses
from tests.kubernetes.attacks.impostor import (
    Impostor,
    decision,
    instance_arn,
    is_issued,
    secret_of_another,
)

pytestmark = pytest.mark.deploy


_WITHOUT_PROOF = {
    "another-worker": "WrongProof",
    "a-master": "NotAWorker",
    "invented": "InstanceUnknown",
    "by-address": "WrongSubject",
}


@pytest.fixture(scope="module")
def asked(cluster: Deployment, impostor: Impostor, workers: list[str]) -> Mapping[str, Any]:
    """Requests in others' names, all at once: masters wait a minute for the proof of each."""
    names = {
        "proved-elsewhere": workers[1],
        "another-worker": workers[1],
        "a-master": cluster.master("a"),
        "invented": "i-0123456789abcdef0",
        "by-address": "ip-10-77-0-4.ec2.internal",
    }
    return {label: impostor.does("request", label=label, node=node) for label, node in names.items()}


def test_a_proof_is_written_by_its_own_instance_only(
    cluster: Deployment, impostor: Impostor, workers: list[str], asked: Mapping[str, Any]
) -> None:
    """IAM refuses the name of another; with its own it becomes itself, and nothing more."""
    key = asked["proved-elsewhere"]["hash"]
    for other in (workers[1], cluster.master("a"), "i-0123456789abcdef0"):
        arn = instance_arn(cluster, other)
        assert impostor.does("prove", arn=arn, content=key) == {"error": "AccessDenied"}
    own = instance_arn(cluster, impostor.instance_id)
    assert impostor.does("prove", arn=own, content=key) == {"error": ""}
    assert decision(cluster, "proved-elsewhere") == ("Denied", "WrongProof")
    itself = impostor.does("request", label="itself", node=impostor.instance_id)
    assert impostor.does("prove", arn=own, content=itself["hash"]) == {"error": ""}
    assert decision(cluster, "itself") == ("Approved", "InstanceVerified")


def test_join_material_alone_gives_no_certificate(
    cluster: Deployment, workers: list[str], asked: Mapping[str, Any]
) -> None:
    """Another worker's name, a master's, and an invented one: each is denied, and says why."""
    for label, reason in _WITHOUT_PROOF.items():
        assert asked[label]["status"] == 201, asked[label]
        assert decision(cluster, label) == ("Denied", reason)
        assert not is_issued(cluster, label)
    events = cluster.get("events", "--field-selector", "reason=CertificateDenied")
    assert {event["involvedObject"]["name"] for event in events} >= {workers[1], cluster.master("a")}


def test_a_node_asks_for_no_other_and_serves_under_no_other_name(
    cluster: Deployment, impostor: Impostor, workers: list[str]
) -> None:
    """With its own certificate: another node's client certificate, and a master's address in its own."""
    address = cluster.described_master("a")["PrivateIpAddress"]
    other = impostor.does("request_as_itself", label="other-client", node=workers[1])
    # NodeRestriction refuses it, before an approver sees it.
    assert other["status"] == 403, other
    serving = {"signer": "kubelet-serving", "node": impostor.instance_id}
    impostor.does("request_as_itself", label="other-address", names=f"IP:{address}", **serving)
    impostor.does("request_as_itself", label="other-name", names="DNS:kubernetes.default.svc", **serving)
    assert decision(cluster, "other-address") == ("Denied", "WrongNames")
    assert decision(cluster, "other-name") == ("Denied", "WrongNames")


def test_a_worker_of_another_cluster_is_denied(cluster: Deployment, impostor: Impostor) -> None:
    """In the same account and VPC, with a right proof, and by its tags another's."""
    ec2 = cluster.client("ec2")

    def tag(value: str) -> None:
        tags = [{"Key": "kubequorum:cluster", "Value": value}]
        ec2.create_tags(Resources=[impostor.instance_id], Tags=tags)

    tag("another")
    try:
        asked = impostor.does("request", label="foreign", node=impostor.instance_id)
        own = instance_arn(cluster, impostor.instance_id)
        assert impostor.does("prove", arn=own, content=asked["hash"]) == {"error": ""}
        assert decision(cluster, "foreign") == ("Denied", "ForeignInstance")
    finally:
        tag("local")


def test_the_api_server_reaches_every_kubelet_by_its_verified_certificate(cluster: Deployment) -> None:
    """Through each master: `kubectl logs` of a pod on each node, whose certificate the cluster has signed."""
    pods = {
        pod["spec"]["nodeName"]: pod["metadata"]["name"]
        for pod in cluster.get("pods", "-n", "kube-system", "-l", "k8s-app=kube-proxy")
    }
    assert len(pods) == 5
    for address in masters_addresses(cluster):
        for pod in pods.values():
            server = f"--server=https://{address}:{API_PORT}"
            assert cluster.kubectl("logs", "-n", "kube-system", "--tail=1", pod, server)
    for instance_id in pods:
        certificate = "/var/lib/kubelet/pki/kubelet-server-current.pem"
        cluster.sh(instance_id, f"openssl verify -CAfile /etc/kubernetes/pki/ca.crt {certificate}")


@pytest.fixture
def _without_defence(cluster: Deployment) -> Iterator[None]:
    """Automatic approval as kubeadm has it."""
    automatic_approval.switch_on(cluster, cluster.slots)
    try:
        yield
    finally:
        automatic_approval.switch_off(cluster, cluster.slots)


def test_whoever_may_write_anothers_proof_gets_its_certificate(
    cluster: Deployment, impostor: Impostor, workers: list[str]
) -> None:
    """The defence is that IAM lets nobody: here the proof is written with the administrator's rights."""
    bucket = cluster.outputs("State")["StateBucketArn"].rpartition(":")[2]
    s3, proof = (
        cluster.client("s3"),
        {"Bucket": bucket, "Key": f"identity/{instance_arn(cluster, workers[1])}"},
    )
    honest = s3.get_object(**proof)["Body"].read()
    try:
        # Without a proof the request waits for one.
        s3.delete_object(**proof)
        asked = impostor.does("request", label="proved-by-another", node=workers[1])
        s3.put_object(**proof, Body=asked["hash"].encode())
        assert decision(cluster, "proved-by-another") == ("Approved", "InstanceVerified")
    finally:
        s3.put_object(**proof, Body=honest)


@pytest.mark.usefixtures("_without_defence")
def test_without_the_defence_the_attack_succeeds(
    cluster: Deployment, impostor: Impostor, workers: list[str]
) -> None:
    """A certificate in another worker's name, and with it a Secret that only a pod there uses.

    And one with which a worker serves at a master's address: a person who is asked sees a request of a node.
    """
    path = secret_of_another(cluster, workers[1])
    own = impostor.does("get", path=path, certificate="/var/lib/kubelet/pki/kubelet-client-current.pem")
    assert own["status"] == 403
    impostor.does("request", label="stolen", node=workers[1])
    assert decision(cluster, "stolen")[0] == "Approved"
    cluster.wait_until(lambda: is_issued(cluster, "stolen"), "the stolen certificate is signed")
    read = impostor.does("get", path=path, certificate=impostor.uses("stolen"))
    assert read["status"] == 200
    assert base64.b64decode(read["answer"]["data"]["k"]) == b"open-sesame"
    address = cluster.described_master("a")["PrivateIpAddress"]
    serving = {"signer": "kubelet-serving", "node": impostor.instance_id, "names": f"IP:{address}"}
    impostor.does("request_as_itself", label="unseen-address", **serving)
    cluster.kubectl("certificate", "approve", "unseen-address")
    cluster.wait_until(lambda: is_issued(cluster, "unseen-address"), "it is signed for a master's address")
