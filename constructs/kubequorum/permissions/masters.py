"""Permissions of masters only: their slot's volume, name and keys in the bucket, and the load balancers."""

from kubequorum import tags
from kubequorum.permissions.statement import PARTITION, REGION, Permission, arn, resource_tags
from kubequorum.state_bucket import (
    ADMIN_PREFIX,
    AUDIT_PREFIX,
    BACKUPS_PREFIX,
    IDENTITY_PREFIX,
    JOIN_PREFIX,
    PKI_PREFIX,
    RESTORE_CLAIMS_PREFIX,
    RESTORED_PREFIX,
    RESTORES_PREFIX,
    SLOTS_PREFIX,
)


def read_instances_and_volumes() -> Permission:
    """Read where the slot's volume is attached, and whether predecessors and peers still exist."""
    return Permission(
        sid="ReadInstancesAndVolumes",
        actions=("ec2:DescribeInstances", "ec2:DescribeVolumes"),
        resources=("*",),
        wildcard_reason="reads only, and AWS offers no narrower resource for them",
    )


def report_unhealthy(*, cluster: str, slots: list[str]) -> Permission:
    """Have the cluster's master groups replace their instance, and do nothing else to those of other slots.

    A dead master cannot report itself, and EC2 needs minutes. Not for workers: it could be any other one of
    their group, as AWS knows no narrower resource.
    """
    return Permission(
        sid="MasterHealth",
        actions=("autoscaling:SetInstanceHealth",),
        resources=(arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*"),),
        conditions={
            "StringEquals": {
                f"aws:ResourceTag/{tags.CLUSTER}": cluster,
                f"aws:ResourceTag/{tags.SLOT}": slots,
            }
        },
        wildcard_reason="bound by tag: the policy must exist before the group has its name",
    )


def move_volume(*, volume_id: str, instance_tags: dict[str, str]) -> list[Permission]:
    """Attach and detach the slot's volumes, to and from instances with these tags only.

    The State stack's volume is known by its id, and one that replaced it after a loss by the slot's tags.
    """
    actions = ("ec2:AttachVolume", "ec2:DetachVolume")
    return [
        Permission(sid="OwnVolume", actions=actions, resources=(arn("ec2", f"volume/{volume_id}"),)),
        Permission(
            sid="OwnVolumeByTag",
            actions=actions,
            resources=(arn("ec2", "volume/*"),),
            conditions={"StringEquals": resource_tags(instance_tags)},
            wildcard_reason="bound by tag: a volume that replaces a lost one is created by the master itself",
        ),
        Permission(
            sid="OwnVolumeToOwnInstances",
            actions=actions,
            resources=(arn("ec2", "instance/*"),),
            conditions={"StringEquals": resource_tags(instance_tags)},
            wildcard_reason="bound by tag: instances come and go",
        ),
    ]


def replace_volume(*, zone: str, volume_tags: dict[str, str]) -> list[Permission]:
    """Create a volume that replaces a lost one: encrypted, in the slot's zone, with exactly the slot's tags.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    volumes = (arn("ec2", "volume/*"),)
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
            wildcard_reason="a volume has no id before it is created: bound by its tags and its zone",
        ),
        # Only in the call that creates a volume: tags on an existing one would give access to it.
        Permission(
            sid="TagNewVolume",
            actions=("ec2:CreateTags",),
            resources=volumes,
            conditions={"StringEquals": {**tags, "ec2:CreateAction": "CreateVolume"}},
            wildcard_reason="a volume has no id before it is created: bound to the call that creates it",
        ),
    ]


def use_key(*, key_arn: str) -> list[Permission]:
    """Use the cluster's key, but only through EC2 (volumes) and S3 (the state bucket).

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
    """
    ec2, s3 = (f"{service}.{REGION}.amazonaws.com" for service in ("ec2", "s3"))
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
    """Create or change one A record and nothing else in the zone.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
    """
    zone = f"arn:{PARTITION}:route53:::hostedzone/{zone_id}"
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
                # ForAllValues is also true for a request without the key.
                "Null": {f"{change}NormalizedRecordNames": "false"},
            },
        ),
        Permission(
            sid="ReadNames",
            actions=("route53:GetChange", "route53:ListResourceRecordSets"),
            resources=(f"arn:{PARTITION}:route53:::change/*", zone),
            wildcard_reason="reads only: a change gets its id when it is requested",
        ),
    ]


def share_state(*, bucket_arn: str, slot: str) -> list[Permission]:
    """Read what masters share; write the CA set (once, see StateBucket) and the slot's own keys.

    Any master publishes join material and the administrator's kubeconfig; no master reads them, nor any audit
    log. A restore is requested by people only: masters read the request, and write what they make of it.
    """
    written = (
        PKI_PREFIX,
        f"{SLOTS_PREFIX}{slot}/",
        JOIN_PREFIX,
        ADMIN_PREFIX,
        f"{AUDIT_PREFIX}{slot}/",
        RESTORE_CLAIMS_PREFIX,
    )
    read = (PKI_PREFIX, SLOTS_PREFIX, RESTORES_PREFIX, IDENTITY_PREFIX)
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
            wildcard_reason="bound by prefix: what masters share, and what workers prove",
        ),
        Permission(
            sid="Backups",
            actions=("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
            resources=(f"{bucket_arn}/{BACKUPS_PREFIX}*",),
            wildcard_reason="bound by prefix: any master writes, verifies and prunes backups of etcd",
        ),
        Permission(
            sid="RestoredData",
            actions=("s3:AbortMultipartUpload", "s3:PutObject"),
            resources=(f"{bucket_arn}/{RESTORED_PREFIX}*",),
            wildcard_reason="bound by prefix: any master makes what all of them restore",
        ),
        # Without it S3 answers 403 instead of 404 for an object that does not exist yet.
        Permission(sid="ListState", actions=("s3:ListBucket",), resources=(bucket_arn,)),
    ]


def send_metrics(namespace: str) -> Permission:
    """Write metrics of one namespace.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
    """
    return Permission(
        sid="SendMetrics",
        actions=("cloudwatch:PutMetricData",),
        resources=("*",),
        conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
        wildcard_reason="metrics are no resources: bound by namespace",
    )


def read_addon_set(*, parameter: str) -> Permission:
    """Read which set of addons is in force."""
    return Permission(
        sid="ReadAddonSet",
        actions=("ssm:GetParameter",),
        resources=(arn("ssm", f"parameter{parameter}"),),
    )


def leave_load_balancer(*, target_group_arns: list[str]) -> list[Permission]:
    """Deregister targets from the API's target groups before the API server stops."""
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
