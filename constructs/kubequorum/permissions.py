"""What machines may do on AWS: one function for each thing, each as narrow as AWS lets it be."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam

from kubequorum.findings import acknowledge
from kubequorum.state_bucket import ADMIN_PREFIX, BACKUPS_PREFIX, JOIN_PREFIX, PKI_PREFIX, SLOTS_PREFIX

Conditions = dict[str, dict[str, str | list[str]]]

# Read once: each look at them is a call into the CDK's kernel.
_PARTITION, _REGION, _ACCOUNT = Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A policy statement that allows something and, where a resource has a wildcard, why it must."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions | None = None
    wildcard_reason: str | None = None

    def statement(self) -> dict[str, object]:
        """The statement as it stands in a policy document."""
        statement: dict[str, object] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        return statement | ({"Condition": self.conditions} if self.conditions else {})


def policy_document(permissions: Sequence[Permission]) -> iam.PolicyDocument:
    """The document of a policy: in one piece, for each call into the CDK's kernel costs time."""
    statements = [permission.statement() for permission in permissions]
    return iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements})


def read_own_surroundings() -> Permission:
    """Look at instances, volumes and groups."""
    return Permission(
        sid="ReadOwnSurroundings",
        actions=("autoscaling:DescribeAutoScalingInstances", "ec2:DescribeInstances", "ec2:DescribeVolumes"),
        resources=("*",),
        wildcard_reason="reads only, and AWS offers no narrower resource for them",
    )


def complete_lifecycle_actions(*, group_tags: dict[str, str]) -> Permission:
    """Complete and prolong lifecycle actions, and report health, in the groups with these tags only."""
    return Permission(
        sid="OwnGroup",
        actions=(
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:RecordLifecycleActionHeartbeat",
            "autoscaling:SetInstanceHealth",
        ),
        resources=(_arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*"),),
        conditions={"StringEquals": _resource_tags(group_tags)},
        wildcard_reason="bound by tag: the policy must exist before the group has its name",
    )


def signal_stack(stack_name: str) -> Permission:
    """Tell a stack that a resource of it is ready."""
    return Permission(
        sid="SignalStack",
        actions=("cloudformation:DescribeStackResource", "cloudformation:SignalResource"),
        resources=(_arn("cloudformation", f"stack/{stack_name}/*"),),
        wildcard_reason="one stack by its name; its id is known only after it is made",
    )


def move_volume(*, volume_id: str, instance_tags: dict[str, str]) -> list[Permission]:
    """Attach and detach the slot's volumes, to and from instances with these tags only.

    One is the State stack's, known by its id. What took its place when it was lost has the slot's tags.
    """
    actions = ("ec2:AttachVolume", "ec2:DetachVolume")
    return [
        Permission(sid="OwnVolume", actions=actions, resources=(_arn("ec2", f"volume/{volume_id}"),)),
        Permission(
            sid="OwnVolumeByTag",
            actions=actions,
            resources=(_arn("ec2", "volume/*"),),
            conditions={"StringEquals": _resource_tags(instance_tags)},
            wildcard_reason="bound by tag: a volume that replaces a lost one is made by the master itself",
        ),
        Permission(
            sid="OwnVolumeToOwnInstances",
            actions=actions,
            resources=(_arn("ec2", "instance/*"),),
            conditions={"StringEquals": _resource_tags(instance_tags)},
            wildcard_reason="bound by tag: instances come and go",
        ),
    ]


def replace_volume(*, zone: str, volume_tags: dict[str, str]) -> list[Permission]:
    """Make a volume in the place of a lost one: encrypted, in the slot's zone, with just the slot's tags.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    volumes = (_arn("ec2", "volume/*"),)
    tags = {f"aws:RequestTag/{key}": value for key, value in volume_tags.items()}
    return [
        Permission(
            sid="NewVolume",
            actions=("ec2:CreateVolume",),
            resources=volumes,
            conditions={
                "StringEquals": {**tags, "ec2:AvailabilityZone": zone, "ec2:VolumeType": "gp3"},
                "ForAllValues:StringEquals": {"aws:TagKeys": list(volume_tags)},
                "Bool": {"ec2:Encrypted": "true"},
            },
            wildcard_reason="a volume has no id before it is made: bound by its tags and its zone",
        ),
        # Tags are given while a volume is made, and never to one that exists: by them it could be taken.
        Permission(
            sid="TagNewVolume",
            actions=("ec2:CreateTags",),
            resources=volumes,
            conditions={"StringEquals": {**tags, "ec2:CreateAction": "CreateVolume"}},
            wildcard_reason="a volume has no id before it is made: bound to the call that makes it",
        ),
    ]


def use_key(*, key_arn: str) -> list[Permission]:
    """Use the cluster's key, but only through EC2 (volumes) and S3 (the state bucket).

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
    """
    ec2, s3 = (f"{service}.{_REGION}.amazonaws.com" for service in ("ec2", "s3"))
    return [
        Permission(
            sid="KeyForVolume",
            actions=("kms:CreateGrant",),
            resources=(key_arn,),
            conditions={
                "Bool": {"kms:GrantIsForAWSResource": "true"},
                "StringEquals": {"kms:ViaService": ec2},
            },
        ),
        Permission(
            sid="Key",
            actions=("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
            resources=(key_arn,),
            conditions={"StringEquals": {"kms:ViaService": [ec2, s3]}},
        ),
        # https://docs.aws.amazon.com/kms/latest/developerguide/services-ebs.html
        Permission(
            sid="KeyForNewVolume",
            actions=("kms:GenerateDataKeyWithoutPlaintext",),
            resources=(key_arn,),
            conditions={"StringEquals": {"kms:ViaService": ec2}},
        ),
    ]


def point_name_at_itself(*, zone_id: str, name: str) -> list[Permission]:
    """Create or change one A record, and nothing else in the zone.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
    """
    zone = f"arn:{_PARTITION}:route53:::hostedzone/{zone_id}"
    change = "route53:ChangeResourceRecordSets"
    return [
        Permission(
            sid="OwnName",
            actions=(change,),
            resources=(zone,),
            conditions={
                "ForAllValues:StringEquals": {
                    f"{change}NormalizedRecordNames": [name],
                    f"{change}RecordTypes": ["A"],
                    f"{change}Actions": ["UPSERT"],
                },
                # ForAllValues holds for a request without the key, too.
                "Null": {f"{change}NormalizedRecordNames": "false"},
            },
        ),
        Permission(
            sid="ReadNames",
            actions=("route53:GetChange", "route53:ListResourceRecordSets"),
            resources=(f"arn:{_PARTITION}:route53:::change/*", zone),
            wildcard_reason="reads only: a change has its id only after it was asked for",
        ),
    ]


def share_state(*, bucket_arn: str, slot: str) -> list[Permission]:
    """Read what masters share; write the CA set (once, see StateBucket) and what is the slot's own.

    Any master publishes what workers join with, and the administrator's kubeconfig, which none of them reads.
    """
    own = (f"{SLOTS_PREFIX}{slot}/", f"{BACKUPS_PREFIX}{slot}/")
    written = (PKI_PREFIX, *own, JOIN_PREFIX, ADMIN_PREFIX)
    read = (PKI_PREFIX, SLOTS_PREFIX, BACKUPS_PREFIX, JOIN_PREFIX)
    return [
        Permission(
            sid="WriteOwnState",
            actions=("s3:PutObject",),
            resources=tuple(f"{bucket_arn}/{prefix}*" for prefix in written),
            wildcard_reason="bound by prefix: the slot's own keys, and what any master publishes",
        ),
        Permission(
            sid="ReadState",
            actions=("s3:GetObject",),
            resources=tuple(f"{bucket_arn}/{prefix}*" for prefix in read),
            wildcard_reason="bound by prefix: what masters share",
        ),
        # Without it S3 answers 403, not 404, for an object that is not there yet.
        Permission(sid="ListState", actions=("s3:ListBucket",), resources=(bucket_arn,)),
    ]


def read_join_material(*, bucket_arn: str, key_arn: str) -> list[Permission]:
    """Read what masters publish for workers that join, and nothing else in the state bucket."""
    return [
        Permission(
            sid="ReadJoinMaterial",
            actions=("s3:GetObject",),
            resources=(f"{bucket_arn}/{JOIN_PREFIX}*",),
            wildcard_reason="bound by prefix: what masters publish for workers",
        ),
        # Without it S3 answers 403, not 404, while no master is up yet.
        Permission(
            sid="ListJoinMaterial",
            actions=("s3:ListBucket",),
            resources=(bucket_arn,),
            conditions={"StringLike": {"s3:prefix": f"{JOIN_PREFIX}*"}},
        ),
        Permission(
            sid="KeyOfJoinMaterial",
            actions=("kms:Decrypt",),
            resources=(key_arn,),
            conditions={"StringEquals": {"kms:ViaService": f"s3.{_REGION}.amazonaws.com"}},
        ),
    ]


def read_mirror(mirror: str | None) -> list[Permission]:
    """Fetch programs from a mirror on S3; nothing for a mirror on the web, or none."""
    if mirror is None or not mirror.startswith("s3://"):
        return []
    place = mirror.removeprefix("s3://").rstrip("/")
    return [
        Permission(
            sid="ReadMirror",
            actions=("s3:GetObject",),
            resources=(f"arn:{_PARTITION}:s3:::{place}/*",),
            wildcard_reason="bound by prefix: the mirror that the cluster file names",
        )
    ]


def leave_load_balancer(*, target_group_arns: list[str]) -> list[Permission]:
    """Take targets out of the API's target groups, before the API server stops."""
    return [
        Permission(
            sid="LeaveLoadBalancer",
            actions=("elasticloadbalancing:DeregisterTargets",),
            resources=tuple(target_group_arns),
        ),
        Permission(
            sid="FindLoadBalancer",
            actions=("autoscaling:DescribeAutoScalingGroups", "elasticloadbalancing:DescribeTargetHealth"),
            resources=("*",),
            wildcard_reason="reads only, and AWS offers no narrower resource for them",
        ),
    ]


def _arn(service: str, resource: str) -> str:
    return f"arn:{_PARTITION}:{service}:{_REGION}:{_ACCOUNT}:{resource}"


def _resource_tags(wanted: dict[str, str]) -> dict[str, str | list[str]]:
    return {f"aws:ResourceTag/{key}": value for key, value in wanted.items()}


def acknowledge_wildcards(policy: iam.Policy, permissions: Sequence[Permission]) -> None:
    """Accept the wildcards of the permissions that say why they have them; others stay findings."""
    explained = {
        resource: permission.wildcard_reason
        for permission in permissions
        for resource in permission.resources
        if permission.wildcard_reason is not None and "*" in resource
    }
    resolved = Stack.of(policy).resolve(list(explained))
    acknowledge(
        policy,
        {
            f"AwsSolutions::AwsSolutions-IAM5[Resource::{_flat(resource)}]": reason
            for resource, reason in zip(resolved, explained.values(), strict=True)
        },
    )


def _flat(resolved: object) -> str:
    """A resource as cdk-nag writes it in the id of a finding."""
    match resolved:
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(_flat(part) for part in parts)
        case {"Fn::ImportValue": str(name)}:
            return name
        case {"Ref": str(name)}:
            return f"<{name}>"
        case _:
            return str(resolved)
