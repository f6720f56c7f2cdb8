"""Both roles, searched for what they may do beyond their table: every action of the services they name."""

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_MASTER = {
    "autoscaling": {"DescribeAutoScalingGroups", "DescribeAutoScalingInstances"},
    "ec2": {"DescribeInstances", "DescribeVolumes"},
    "ecr": {"GetAuthorizationToken"},
    "elbv2": {"DescribeTargetHealth"},
    "route53": {"GetChange"},
}
"""What a master's role may do with resources that are not its own: read what AWS lets nobody narrow."""
_PREFIXES = {"elbv2": "elasticloadbalancing"}
"""What IAM calls a service, where boto3 has another name for it."""
_WORKER = {"autoscaling": {"DescribeAutoScalingInstances"}, "ecr": {"GetAuthorizationToken"}}
_SERVICES = {
    "master": (
        "autoscaling",
        "cloudformation",
        "cloudwatch",
        "ec2",
        "ecr",
        "elbv2",
        "kms",
        "route53",
        "s3",
        "ssm",
    ),
    "worker": ("autoscaling", "cloudformation", "ec2", "ecr", "kms", "s3"),
}


_READ = {"GetObject", "GetObjectTorrent", "HeadObject", "SelectObjectContent"}
_READ_AND_LIST = _READ | {
    *("HeadBucket", "ListObjects", "ListObjectsV2"),
    # The emulator takes these for a listing.
    *(
        "CreateSession",
        "GetBucketAbac",
        "GetBucketMetadataConfiguration",
        "GetBucketMetadataTableConfiguration",
    ),
}
_OF_OTHERS = {
    # A master may report a peer that is silent, reads all slots' records, and sees all names of the zone.
    ("master", "slot", "autoscaling"): {"SetInstanceHealth"},
    ("master", "slot", "route53"): {"ListResourceRecordSets"},
    ("master", "slot", "s3"): _READ_AND_LIST,
    ("master", "workers", "route53"): {"ListResourceRecordSets"},
    ("master", "workers", "s3"): _READ_AND_LIST,
    # AWS knows no narrower resource than the group (docs/security.md).
    ("worker", "workers", "autoscaling"): {"CompleteLifecycleAction", "RecordLifecycleActionHeartbeat"},
}
"""What a role may do with what belongs to others of its cluster, or to all, by whose it is."""
_FOREIGN_BUCKET = "not-of-this-cluster"


def _role(deployment: Deployment, kind: str) -> str:
    """The name of a master's, or of a worker's role."""
    if kind == "master":
        instance = deployment.described_master("a")
    else:
        tag = {"Name": "tag-key", "Values": ["kubequorum:worker-group"]}
        found = deployment.client("ec2").describe_instances(Filters=[tag])["Reservations"]
        instance = found[0]["Instances"][0]
    profile = instance["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    described = deployment.client("iam").get_instance_profile(InstanceProfileName=profile)
    return str(described["InstanceProfile"]["Roles"][0]["RoleName"])


def _example(shape: Shape, names: Mapping[str, str], depth: int = 0) -> Any:
    """A value that fits a shape: one of `names` if the member has that name, or of nothing that exists."""
    if isinstance(shape, StructureShape):
        required = shape.required_members if depth < 6 else []
        return {name: _named(name, shape.members[name], names, depth + 1) for name in required}
    if isinstance(shape, ListShape):
        return [_example(shape.member, names, depth + 1)]
    if isinstance(shape, MapShape):
        return {}
    simple: dict[str, Any] = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": False}
    simple |= {"blob": b"x", "timestamp": "2026-01-01T00:00:00Z"}
    if shape.type_name in simple:
        return simple[shape.type_name]
    choices = getattr(shape, "enum", None)
    return choices[0] if choices else "no-such-thing"


def _named(name: str, shape: Shape, names: Mapping[str, str], depth: int) -> Any:
    if isinstance(shape, ListShape) and name.removesuffix("s") in names:
        return [names[name.removesuffix("s")]]
    return names[name] if name in names else _example(shape, names, depth)


def _attempts(client: Any, names: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of a service, with parameters that fit."""
    model = client.meta.service_model
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        parameters = _example(shape, names) if shape is not None else {}
        yield name, parameters


def _allowed(client: Any, names: Mapping[str, str], *, of: Collection[str] | None = None) -> set[str]:
    """Operations that are not denied, whatever else is wrong with the request; of all, or of these."""
    allowed = set()
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    for operation, parameters in _attempts(client, names):
        if of is not None and operation not in of:
            continue
        try:
            getattr(client, methods[operation])(**parameters)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if error.response["Error"]["Code"] in _DENIED or status == 403:
                continue
        except (BotoCoreError, ValueError, TypeError) as error:
            raise AssertionError(f"{operation} was not sent: {error!r}") from error
        allowed.add(operation)
    return allowed


@pytest.mark.parametrize("kind", _SERVICES)
def test_all_services_of_the_policies_are_searched(deployment: Deployment, kind: str) -> None:
    """A policy that names another service needs a search of that one."""
    named = {action.partition(":")[0] for action in _actions(deployment, kind)}
    assert named <= {_PREFIXES.get(service, service) for service in _SERVICES[kind]}


def _actions(deployment: Deployment, kind: str) -> set[str]:
    """Every action, or pattern of actions, that the policies of a role name."""
    iam, role = deployment.client("iam"), _role(deployment, kind)
    named: set[str] = set()
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"]
            named |= {actions} if isinstance(actions, str) else set(actions)
    return named


def _named_operations(deployment: Deployment, kind: str, service: str) -> set[str]:
    """Operations of a service that a policy names; all others are denied, whatever they are done to."""
    patterns = _actions(deployment, kind)
    operations = deployment.client(service).meta.service_model.operation_names
    if service == "s3":
        # Its actions have names of their own.
        return set(operations)
    prefix = _PREFIXES.get(service, service)
    return {name for name in operations if any(fnmatchcase(f"{prefix}:{name}", p) for p in patterns)}


def _quick_client(deployment: Deployment, kind: str, service: str) -> Any:
    """A client with the rights of a role that sends what it is given, once."""
    client = deployment.client_with_rights_of(_role(deployment, kind), service)
    quick = client.meta.config.merge(
        Config(
            retries={"total_max_attempts": 1},
            parameter_validation=False,
            # Some operations have a host of their own, which loopback has no names for.
            inject_host_prefix=False,
        )
    )
    session = boto3.session.Session(region_name=client.meta.region_name)
    credentials = client._request_signer._credentials
    return session.client(
        service,  # type: ignore[call-overload]
        config=quick,
        endpoint_url=client.meta.endpoint_url,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
    )


_EVERY_SERVICE = pytest.mark.parametrize(
    ("kind", "service"), [(kind, service) for kind, services in _SERVICES.items() for service in services]
)


@_EVERY_SERVICE
def test_nothing_is_allowed_beyond_the_table(deployment: Deployment, kind: str, service: str) -> None:
    """With names of things that are not its own: what is left is what AWS lets nobody narrow."""
    if service == "s3":
        # S3 says of a bucket that there is none before it asks who wants to know.
        deployment.client("s3").create_bucket(Bucket=_FOREIGN_BUCKET)
    table = {"master": _MASTER, "worker": _WORKER}[kind].get(service, set())
    assert _allowed(_quick_client(deployment, kind, service), {"Bucket": _FOREIGN_BUCKET}) == table


def _others(deployment: Deployment, owner: str) -> dict[str, str]:
    """Names of what belongs to another slot, or to the workers, and of what all share."""
    state = deployment.outputs("State")
    tag = f"kubequorum:{'slot' if owner == 'slot' else 'worker-group'}"
    groups = deployment.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    (group,) = [
        group
        for group in groups
        for each in group["Tags"]
        if each["Key"] == tag and (owner != "slot" or each["Value"] == "b")
    ]
    return {
        "AutoScalingGroupName": group["AutoScalingGroupName"],
        "InstanceId": group["Instances"][0]["InstanceId"],
        "VolumeId": state["EtcdVolumeBId"],
        "Bucket": state["StateBucketArn"].rpartition(":")[2],
        "Key": "slots/b/record.json",
        "HostedZoneId": state["ZoneId"],
        "KeyId": state["KeyArn"],
        "StackName": "local-State",
    }


@_EVERY_SERVICE
@pytest.mark.parametrize("owner", ["slot", "workers"])
def test_nothing_of_the_others_is_allowed_beyond_the_table(
    deployment: Deployment, kind: str, service: str, owner: str
) -> None:
    """With names of what is in the same cluster: another slot's, the workers', and what all share.

    Operations that no policy names were found to be denied above.
    """
    names = _others(deployment, owner)
    operations = _named_operations(deployment, kind, service)
    allowed = _allowed(_quick_client(deployment, kind, service), names, of=operations)
    narrow = {"master": _MASTER, "worker": _WORKER}[kind].get(service, set())
    assert allowed - narrow == _OF_OTHERS.get((kind, owner, service), set())
    assert narrow <= allowed


def test_workers_read_copies_of_programs_and_do_nothing_else_to_them(deployment: Deployment) -> None:
    """Nor do they list the bucket: they may with one prefix, which these requests do not have."""
    names = {**_others(deployment, "workers"), "Key": f"programs/{'0' * 64}"}
    assert _allowed(_quick_client(deployment, "worker", "s3"), names) == _READ
