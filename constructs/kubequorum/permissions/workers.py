"""Permissions of workers only: read what they join with, and prove who they are."""

from kubequorum.permissions.statement import REGION, Permission
from kubequorum.state_bucket import IDENTITY_PREFIX, JOIN_PREFIX


def read_join_material(*, bucket_arn: str, key_arn: str) -> list[Permission]:
    """Read what masters publish for workers that join, and nothing else in the state bucket."""
    return [
        Permission(
            sid="ReadJoinMaterial",
            actions=("s3:GetObject",),
            resources=(f"{bucket_arn}/{JOIN_PREFIX}*",),
            wildcard_reason="bound by prefix: what masters publish for workers",
        ),
        # Without it S3 answers 403 instead of 404 while no master is up yet.
        Permission(
            sid="ListJoinMaterial",
            actions=("s3:ListBucket",),
            resources=(bucket_arn,),
            conditions={"StringLike": {"s3:prefix": f"{JOIN_PREFIX}*"}},
        ),
        Permission(
            sid="KeyOfJoinMaterial",
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resources=(key_arn,),
            conditions={"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}},
        ),
    ]


def prove_identity(*, bucket_arn: str) -> Permission:
    """Write one object, whose name ends in the ARN of the instance that asks: no other instance may write it.

    The variable is in every request that is signed with credentials of an instance profile
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
    """
    return Permission(
        sid="ProveIdentity",
        actions=("s3:PutObject",),
        resources=(f"{bucket_arn}/{IDENTITY_PREFIX}${{ec2:SourceInstanceARN}}",),
    )
