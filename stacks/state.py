"""What must never be lost: key, etcd volumes, state bucket, DNS zone, service-account issuer."""

from typing import cast

from aws_cdk import CfnOutput, CfnResource, Environment, Fn, IStackSynthesizer, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from constructs import Construct

from kubequorum.backup_replication import BackupReplication
from kubequorum.config import Cluster
from kubequorum.etcd_volume import EtcdVolume
from kubequorum.service_account_issuer import ServiceAccountIssuer
from kubequorum.state_bucket import BACKUPS_PREFIX, PKI_PREFIX, StateBucket
from kubequorum.state_exports import IssuerExports, StateExports
from stacks.network import NetworkStack


class StateStack(Stack):
    """Everything that holds data: protected against deletion, and retained even if the stack is deleted.

    Args:
        cluster: the cluster file.
        network: its VPC is associated with the private zone.
        env: account and region.
        synthesizer: where the stack's assets go.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        network: NetworkStack,
        env: Environment,
        synthesizer: IStackSynthesizer,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            synthesizer=synthesizer,
            description=f"Kubequorum {cluster.name}: etcd volumes, state bucket, key, zone. Holds all data",
            termination_protection=True,
        )
        key = kms.Key(
            self,
            "Key",
            description=f"Kubequorum {cluster.name}: etcd volumes and state bucket",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        _set_logical_id(key, "Key")
        days = cluster.audit_log.days
        bucket = StateBucket(self, "StateBucket", key=key, audit_log_days=days).bucket
        _set_logical_id(bucket, "StateBucket")
        backups = cluster.backups
        if backups.replica_bucket is not None and backups.replica_key_arn is not None:
            BackupReplication(
                self,
                "BackupReplication",
                bucket=bucket,
                key=key,
                # Secrets in a backup are encrypted with a key of the CA set.
                prefixes=(BACKUPS_PREFIX, PKI_PREFIX),
                replica_bucket=backups.replica_bucket,
                replica_key_arn=backups.replica_key_arn,
            )
        volumes = {
            slot: EtcdVolume(self, f"EtcdVolume{slot.upper()}", cluster=cluster, slot=slot, key=key)
            for slot in cluster.slots
        }
        self.state = StateExports(
            volume_ids={
                slot: self._export(
                    f"EtcdVolume{slot.upper()}Id", volume.volume_id, f"etcd volume of slot {slot}"
                )
                for slot, volume in volumes.items()
            },
            key_arn=self._export("KeyArn", key.key_arn, "Key of the volumes and the bucket"),
            bucket_arn=self._export(
                "StateBucketArn", bucket.bucket_arn, "CA set, slot records, join material"
            ),
            zone_id=self._zone_id(cluster, network),
            issuer=self._issuer(cluster),
        )

    def _issuer(self, cluster: Cluster) -> IssuerExports | None:
        if cluster.service_accounts.issuer == "none":
            return None
        issuer = ServiceAccountIssuer(self, "ServiceAccountIssuer", cluster=cluster)
        return IssuerExports(
            domain=self._export("IssuerDomain", issuer.domain, "Host of the service-account issuer's URL"),
            bucket_arn=self._export("IssuerBucketArn", issuer.bucket_arn, "Documents of the issuer"),
            provider_arn=self._export(
                "IssuerProviderArn", issuer.provider_arn, "OIDC provider of service accounts"
            ),
        )

    def _zone_id(self, cluster: Cluster, network: NetworkStack) -> str:
        dns = cluster.dns
        if dns.hosted_zone_id is not None:
            return dns.hosted_zone_id
        zone = route53.PrivateHostedZone(self, "Zone", zone_name=dns.zone_name, vpc=network.network.vpc)
        zone.apply_removal_policy(RemovalPolicy.RETAIN)
        _set_logical_id(zone, "Zone")
        return self._export("ZoneId", zone.hosted_zone_id, f"Zone {dns.zone_name}")

    def _export(self, name: str, value: str, description: str) -> str:
        """Export a value under a fixed name, and import it by that name.

        Names of the CDK's automatic exports follow from the construct tree: moving
        a construct would change what the control plane depends on.
        """
        export_name = f"{self.stack_name}:{name}"
        CfnOutput(self, name, value=value, description=description, export_name=export_name)
        return Fn.import_value(export_name)


def _set_logical_id(construct: Construct, logical_id: str) -> None:
    """Fix a logical id. It is a contract, see docs/contract.md: it must not depend on the construct tree."""
    cast("CfnResource", construct.node.default_child).override_logical_id(logical_id)
