"""Permissions of workers only: read what they join with."""

from kubequorum.permissions.statement import REGION, Permission
from kubequorum.state_bucket import JOIN_PREFIX


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
            actions=("kms:Decrypt",),
            resources=(key_arn,),
            conditions={"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}},
        ),
    ]
