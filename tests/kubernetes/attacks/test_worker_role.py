"""What a worker's role may do on AWS to others of its cluster."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import Attacker, workers

pytestmark = pytest.mark.deploy

_DENIED = {"AccessDenied", "UnauthorizedOperation", "AccessDeniedException"}


def _is_denied(attempt: Callable[..., object], **arguments: object) -> bool:
    try:
        attempt(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _DENIED:
            raise
        return True
    return False


def _role(cluster: Deployment, worker: Attacker) -> str:
    reservations = cluster.client("ec2").describe_instances(InstanceIds=[worker.instance_id])["Reservations"]
    profile = reservations[0]["Instances"][0]["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    described = cluster.client("iam").get_instance_profile(InstanceProfileName=profile)
    return str(described["InstanceProfile"]["Roles"][0]["RoleName"])


def test_it_cannot_have_its_peers_replaced(cluster: Deployment, worker: Attacker) -> None:
    """The health of another worker, of a master, and its own: AWS could not tell its own from others'."""
    _, peer = workers(cluster)
    victims = [peer.instance_id, cluster.master("a"), worker.instance_id]

    # Healthy is what they are: an attack that succeeds changes nothing.
    state = {"HealthStatus": "Healthy"}
    role = _role(cluster, worker)
    client = cluster.client_with_rights_of(role, "autoscaling")
    assert all(_is_denied(client.set_instance_health, InstanceId=id_, **state) for id_ in victims)
    group = {"aws:ResourceTag/kubequorum:worker-group": "general"}
    extra = {"Action": "autoscaling:SetInstanceHealth", "Condition": {"StringEquals": group}}
    client = cluster.client_with_rights_of(role, "autoscaling", extra=extra)
    assert not _is_denied(client.set_instance_health, InstanceId=peer.instance_id, **state)


def test_it_reads_nothing_in_the_state_bucket_but_what_it_joins_with(
    cluster: Deployment, worker: Attacker
) -> None:
    """Not the CA set, with which it would be the administrator, nor backups, which hold all Secrets."""
    bucket = cluster.outputs("State")["StateBucketArn"].removeprefix("arn:aws:s3:::")
    role = _role(cluster, worker)
    keys = ("pki/ca-set.json", "admin/kubeconfig", "slots/a/record.json")
    client = cluster.client_with_rights_of(role, "s3")
    assert not _is_denied(client.get_object, Bucket=bucket, Key="join/worker.json")
    for key in keys:
        assert _is_denied(client.get_object, Bucket=bucket, Key=key), key
        assert _is_denied(client.put_object, Bucket=bucket, Key=key, Body=b""), key
    assert _is_denied(client.list_objects_v2, Bucket=bucket)
    client = cluster.client_with_rights_of(role, "s3", extra={"Action": ["s3:GetObject", "kms:Decrypt"]})
    assert not any(_is_denied(client.get_object, Bucket=bucket, Key=key) for key in keys)
