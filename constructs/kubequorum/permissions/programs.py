"""Permissions on the copies of programs in the state bucket: masters keep them, workers read them."""

from kubequorum.permissions.statement import Permission
from kubequorum.state_bucket import PROGRAMS_PREFIX


def keep_programs(*, bucket_arn: str) -> Permission:
    """Read, write (once, see StateBucket) and delete copies of programs."""
    return Permission(
        sid="Programs",
        actions=("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
        resources=(f"{bucket_arn}/{PROGRAMS_PREFIX}*",),
        wildcard_reason="bound by prefix: any master puts programs there, and deletes those that are unused",
    )


def read_programs(*, bucket_arn: str) -> list[Permission]:
    """Find and read copies of programs.

    Not write: a copy is written once, so a worker that was taken over could occupy the place of one with
    something else. Nobody would believe it, but all would have to download.
    """
    return [
        Permission(
            sid="ReadPrograms",
            actions=("s3:GetObject",),
            resources=(f"{bucket_arn}/{PROGRAMS_PREFIX}*",),
            wildcard_reason="bound by prefix: programs that anybody may download elsewhere",
        ),
        Permission(
            sid="ListPrograms",
            actions=("s3:ListBucket",),
            resources=(bucket_arn,),
            conditions={"StringEquals": {"s3:prefix": PROGRAMS_PREFIX}},
        ),
    ]
