"""The EBS volume that holds a slot's etcd data and outlives every instance."""

from aws_cdk import CfnTag, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from kubequorum import tags
from kubequorum.accepted_findings import acknowledge
from kubequorum.config import Cluster


class EtcdVolume(Construct):
    """An encrypted gp3 volume in a slot's zone, retained when its stack is deleted.

    Args:
        cluster: the cluster file.
        slot: a, b or c.
        key: encrypts the volume.

    """

    def __init__(
        self, scope: Construct, construct_id: str, *, cluster: Cluster, slot: str, key: kms.IKey
    ) -> None:
        super().__init__(scope, construct_id)
        size = cluster.masters.etcd_volume
        volume = ec2.CfnVolume(
            self,
            "Volume",
            availability_zone=cluster.slots[slot],
            size=size.size_gib,
            volume_type="gp3",
            iops=size.iops,
            throughput=size.throughput_mib_per_s,
            encrypted=True,
            kms_key_id=key.key_arn,
            tags=[CfnTag(key=key, value=value) for key, value in tags.of_volume(cluster.name, slot).items()],
        )
        volume.apply_removal_policy(RemovalPolicy.RETAIN)
        acknowledge(volume, {"CloudFormation-Validate::W3010": "a slot is bound to its zone by design"})
        # A contract, see docs/contract.md: with another id CloudFormation would create an empty volume.
        volume.override_logical_id(f"EtcdVolume{slot.upper()}")
        self.volume_id = volume.ref
