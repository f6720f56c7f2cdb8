"""Copies of backups in a bucket that somebody else keeps: another region's, or another account's.

By S3's own replication, within minutes as a rule. Deletions are not copied: who deletes backups of the
cluster, on purpose or not, deletes no copies.
"""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from kubequorum.permissions import acknowledge_wildcards, copy_backups, policy_document

_FIRST_PRIORITY = 1
"""Rules of one destination need different ones, although no object is in two of them."""


class BackupReplication(Construct):
    """Rules for a bucket that is encrypted with a key, and the role with which S3 follows them.

    Args:
        bucket: whose objects are copied; it must be versioned.
        key: encrypts them.
        prefixes: of what is copied.
        replica_bucket: name of the bucket with the copies; it must be versioned.
        replica_key_arn: encrypts the copies; of that bucket's region.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.Bucket,
        key: kms.IKey,
        prefixes: Sequence[str],
        replica_bucket: str,
        replica_key_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
            description=f"S3 copies backups into {replica_bucket}",
        )
        replica_arn = Stack.of(self).format_arn(service="s3", region="", account="", resource=replica_bucket)
        permissions = copy_backups(
            bucket_arn=bucket.bucket_arn,
            key_arn=key.key_arn,
            prefixes=prefixes,
            replica_arn=replica_arn,
            replica_key_arn=replica_key_arn,
        )
        policy = iam.Policy(self, "Policy", document=policy_document(permissions), roles=[role])
        acknowledge_wildcards(policy, permissions)
        cfn = s3.CfnBucket
        enabled, disabled = "Enabled", "Disabled"
        resource = cast("s3.CfnBucket", bucket.node.default_child)
        resource.replication_configuration = cfn.ReplicationConfigurationProperty(
            role=role.role_arn,
            rules=[
                cfn.ReplicationRuleProperty(
                    id=f"copy-{prefix.rstrip('/')}",
                    priority=priority,
                    status=enabled,
                    filter=cfn.ReplicationRuleFilterProperty(prefix=prefix),
                    delete_marker_replication=cfn.DeleteMarkerReplicationProperty(status=disabled),
                    source_selection_criteria=cfn.SourceSelectionCriteriaProperty(
                        sse_kms_encrypted_objects=cfn.SseKmsEncryptedObjectsProperty(status=enabled)
                    ),
                    destination=cfn.ReplicationDestinationProperty(
                        bucket=replica_arn,
                        encryption_configuration=cfn.EncryptionConfigurationProperty(
                            replica_kms_key_id=replica_key_arn
                        ),
                    ),
                )
                for priority, prefix in enumerate(prefixes, _FIRST_PRIORITY)
            ],
        )
