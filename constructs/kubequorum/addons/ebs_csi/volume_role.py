"""The AWS role of the EBS CSI driver: volumes that it made itself for this cluster, and the workers.

It gives each volume two tags when it creates it, and may change nothing that lacks them. Etcd's volumes
have a slot's tag: whatever else they are tagged with, they are out of its reach, and so are masters.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from kubequorum import tags
from kubequorum.permissions import Permission
from kubequorum.permissions.statement import arn, resource_tags

MADE_BY_DRIVER, CLUSTER_NAME = "ebs.csi.aws.com/cluster", "ebs.csi.aws.com/cluster-name"
"""Tags of the driver: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md."""
_VOLUMES = "volume/*"


def permissions(cluster_name: str) -> tuple[Permission, ...]:
    """Create encrypted volumes, attach them to workers, resize and delete them.

    Not among them: snapshots, copies, and tags of volumes that exist. Nor a dry run with which the driver
    asks for the highest IOPS of a type: it then takes the values that are in its code.
    """
    own = {MADE_BY_DRIVER: "true", CLUSTER_NAME: cluster_name}
    asked: dict[str, str | list[str]] = {f"aws:RequestTag/{key}": value for key, value in own.items()}
    # A volume with a slot's tag would be taken for an etcd volume.
    no_slot: dict[str, str | list[str]] = {f"aws:RequestTag/{tags.SLOT}": "true"}
    volumes = (arn("ec2", _VOLUMES),)
    attach = ("ec2:AttachVolume", "ec2:DetachVolume")
    return (
        Permission(
            sid="FindOut",
            actions=(
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
            ),
            resources=("*",),
            wildcard_reason="reads only, and AWS offers no narrower resource for them",
        ),
        Permission(
            sid="NewVolumes",
            actions=("ec2:CreateVolume",),
            resources=volumes,
            conditions={"StringEquals": asked, "Null": no_slot, "Bool": {"ec2:Encrypted": "true"}},
            wildcard_reason="a volume has no id before it is created: bound by its tags",
        ),
        # Only in the call that creates a volume: tags on an existing one would give access to it.
        Permission(
            sid="TagNewVolumes",
            actions=("ec2:CreateTags",),
            resources=volumes,
            conditions={"StringEquals": {**asked, "ec2:CreateAction": "CreateVolume"}, "Null": no_slot},
            wildcard_reason="a volume has no id before it is created: bound to the call that creates it",
        ),
        Permission(
            sid="OwnVolumes",
            actions=(*attach, "ec2:DeleteVolume", "ec2:ModifyVolume"),
            resources=volumes,
            conditions={
                "StringEquals": resource_tags(own),
                "Null": {f"aws:ResourceTag/{tags.SLOT}": "true"},
            },
            wildcard_reason="bound by tag: volumes get their ids when they are created",
        ),
        Permission(
            sid="OwnVolumesToWorkers",
            actions=attach,
            resources=(arn("ec2", "instance/*"),),
            conditions={
                "StringEquals": resource_tags({tags.CLUSTER: cluster_name}),
                "Null": {
                    f"aws:ResourceTag/{tags.WORKER_GROUP}": "false",
                    f"aws:ResourceTag/{tags.SLOT}": "true",
                },
            },
            wildcard_reason="bound by tag: instances come and go",
        ),
    )
