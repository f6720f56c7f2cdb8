"""Permissions of S3 itself, when it copies backups into another bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
"""

from collections.abc import Sequence

from kubequorum.permissions.statement import REGION, Permission

_REASON = "bound by prefix: backups and the CA set, as they are written"
_REGION_FIELD = 3
"""Of an ARN."""


def copy_backups(
    *, bucket_arn: str, key_arn: str, prefixes: Sequence[str], replica_arn: str, replica_key_arn: str
) -> list[Permission]:
    """Read what is below some prefixes of the state bucket, and write it into another; delete nothing."""
    return [
        Permission(
            sid="ReadRules",
            actions=("s3:GetReplicationConfiguration", "s3:ListBucket"),
            resources=(bucket_arn,),
        ),
        Permission(
            sid="ReadOriginals",
            actions=("s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"),
            resources=tuple(f"{bucket_arn}/{prefix}*" for prefix in prefixes),
            wildcard_reason=_REASON,
        ),
        Permission(
            sid="WriteCopies",
            actions=("s3:ReplicateObject", "s3:ReplicateTags"),
            resources=tuple(f"{replica_arn}/{prefix}*" for prefix in prefixes),
            wildcard_reason=_REASON,
        ),
        Permission(
            sid="DecryptOriginals",
            actions=("kms:Decrypt",),
            resources=(key_arn,),
            conditions=_only_for(bucket_arn, REGION),
        ),
        Permission(
            sid="EncryptCopies",
            actions=("kms:Encrypt", "kms:GenerateDataKey"),
            resources=(replica_key_arn,),
            conditions=_only_for(replica_arn, replica_key_arn.split(":")[_REGION_FIELD]),
        ),
    ]


def _only_for(bucket_arn: str, region: str) -> dict[str, dict[str, str | list[str]]]:
    """By S3, for objects of a bucket: the context is the bucket where it has a bucket key."""
    return {
        "StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket_arn, f"{bucket_arn}/*"]},
    }
