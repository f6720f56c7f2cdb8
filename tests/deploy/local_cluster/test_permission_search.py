"""Both roles, searched for what they may do beyond their table: every action of the services they name."""

from collections.abc import Iterator
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
    "elbv2": {"DescribeTargetHealth"},
    "route53": {"GetChange"},
}
"""What a master's role may do with resources that are not its own: read what AWS lets nobody narrow."""
_WORKER = {"autoscaling": {"DescribeAutoScalingInstances"}}
_SERVICES = {
    "master": ("autoscaling", "cloudformation", "cloudwatch", "ec2", "elbv2", "kms", "route53", "s3", "ssm"),
    "worker": ("autoscaling", "cloudformation", "ec2", "kms", "s3"),
}


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


def _example(shape: Shape, depth: int = 0) -> Any:
    """A value that fits a shape and names nothing that exists."""
    if isinstance(shape, StructureShape):
        required = shape.required_members if depth < 6 else []
        return {name: _example(shape.members[name], depth + 1) for name in required}
    if isinstance(shape, ListShape):
        return [_example(shape.member, depth + 1)]
    if isinstance(shape, MapShape):
        return {}
    simple: dict[str, Any] = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": False}
    simple |= {"blob": b"x", "timestamp": "2026-01-01T00:00:00Z"}
    if shape.type_name in simple:
        return simple[shape.type_name]
    choices = getattr(shape, "enum", None)
    return choices[0] if choices else "no-such-thing"


def _attempts(client: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of a service, with parameters that fit."""
    model = client.meta.service_model
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        parameters = _example(shape) if shape is not None else {}
        if "Bucket" in parameters:
            parameters["Bucket"] = _FOREIGN_BUCKET
        yield name, parameters


def _allowed(client: Any, methods: dict[str, str]) -> set[str]:
    """Operations that are not denied, whatever else is wrong with the request."""
    allowed = set()
    for operation, parameters in _attempts(client):
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
    iam, role = deployment.client("iam"), _role(deployment, kind)
    named = set()
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"]
            named |= {a.partition(":")[0] for a in ([actions] if isinstance(actions, str) else actions)}
    assert named <= {"elasticloadbalancing" if s == "elbv2" else s for s in _SERVICES[kind]}


@pytest.mark.parametrize(
    ("kind", "service"), [(kind, service) for kind, services in _SERVICES.items() for service in services]
)
def test_nothing_is_allowed_beyond_the_table(deployment: Deployment, kind: str, service: str) -> None:
    """With names of things that are not its own: what is left is what AWS lets nobody narrow."""
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
    client = session.client(
        service,  # type: ignore[call-overload]
        config=quick,
        endpoint_url=client.meta.endpoint_url,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
    )
    if service == "s3":
        # S3 says of a bucket that there is none before it asks who wants to know.
        deployment.client("s3").create_bucket(Bucket=_FOREIGN_BUCKET)
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    table = {"master": _MASTER, "worker": _WORKER}[kind].get(service, set())
    assert _allowed(client, methods) == table
