"""What a worker had ends with its instance, also in the hands of somebody who has copied it."""

import pytest

from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.impostor import (
    Impostor,
    decision,
    first_request,
    instance_arn,
    is_issued,
    issued_key,
    secret_of_another,
)
from tests.kubernetes.waiting import wait_for_nodes

pytestmark = pytest.mark.deploy

_REVOKED = ("validatingadmissionpolicybinding", "kubequorum-revoked-nodes")


def _replay_gives_nothing(cluster: Deployment, impostor: Impostor, node: str, content: str) -> None:
    """While the instance runs its request is good, and what is issued is for the key that it has itself."""
    impostor.does("replay", label="replayed", content=content)
    assert decision(cluster, "replayed") == ("Approved", "InstanceVerified")
    cluster.wait_until(lambda: is_issued(cluster, "replayed"), "it is signed")
    bucket = cluster.outputs("State")["StateBucketArn"].rpartition(":")[2]
    key = f"identity/{instance_arn(cluster, node)}"
    proof = cluster.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert issued_key(cluster, "replayed", impostor.instance_id) == proof


def test_a_certificate_is_worthless_when_its_instance_is_gone(
    cluster: Deployment, impostor: Impostor, workers: list[str]
) -> None:
    """Copied from a worker that is terminated then: it is not renewed, and reads nothing of its pods."""
    gone = workers[1]
    stolen = cluster.run(gone, "cat /var/lib/kubelet/pki/kubelet-client-current.pem")
    path = "/root/gone.pem"
    cluster.run(impostor.instance_id, f"umask 077; cat >{path}", stdin=stolen)
    secret = secret_of_another(cluster, gone)
    assert impostor.does("get", path=secret, certificate=path)["status"] == 200
    replayed = first_request(cluster, gone)
    _replay_gives_nothing(cluster, impostor, gone, replayed)
    # And EC2 does not know its successor at first.
    hidden = cluster.faults.hide_instance(times=8)
    cluster.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=gone, ShouldDecrementDesiredCapacity=False
    )
    cluster.wait_until(
        lambda: gone not in cluster.instances(states=("running", "shutting-down")), "it is terminated"
    )
    impostor.does("request", label="renewed", node=gone, certificate=path)
    assert decision(cluster, "renewed") == ("Denied", "InstanceNotRunning")
    impostor.does("replay", label="replayed-later", content=replayed)
    assert decision(cluster, "replayed-later") == ("Denied", "InstanceNotRunning")
    cluster.sh(cluster.master("a"), "kubequorum-node remove-stale-nodes")
    cluster.wait_until(
        lambda: impostor.does("get", path=secret, certificate=path)["status"] == 403,
        "the Secret of its pods is nobody's on that node",
    )
    again = impostor.does("register", node=gone, certificate=path)
    assert again["status"] == 403, again
    assert "terminated" in again["answer"]
    # Without the policy it registers again, and pods would be bound to it.
    binding = cluster.kubectl("get", *_REVOKED, "-o", "json")
    cluster.kubectl("delete", *_REVOKED)
    cluster.wait_until(
        lambda: impostor.does("register", node=gone, certificate=path)["status"] in {201, 409},
        "it registers again",
    )
    cluster.kubectl("delete", "node", gone)
    cluster.kubectl("create", "-f", "-", stdin=binding)
    wait_for_nodes(cluster, 5)
    assert hidden not in {active.fault_id for active in cluster.faults.active()}
