"""The section `backups`: how long backups of etcd are kept, and where S3 copies them to."""

from typing import Annotated

from pydantic import Field, StringConstraints

from kubequorum.config.section import Section, Whole


class Backups(Section):
    """How long backups of etcd are kept, and where they are copied to; see docs/backups.md."""

    everything_hours: Whole = Field(
        default=24,
        ge=1,
        le=744,
        description="hours for which all full snapshots and change logs are kept, 1 to 744",
    )
    daily_days: Whole = Field(
        default=30,
        ge=1,
        le=3650,
        description="days for which one full snapshot of each day is kept, 1 to 3650",
    )
    replica_bucket: (
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$")] | None
    ) = Field(
        default=None,
        description=(
            "name of a bucket, of any region or account, into which S3 copies backups and the CA set as they "
            "are written, and deletes nothing; it must be versioned; without it there are no copies"
        ),
        examples=["copies-of-ha"],
    )
    replica_key_arn: (
        Annotated[
            str,
            StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+$"),
        ]
        | None
    ) = Field(
        default=None,
        description="ARN of the KMS key, of the region of `replica_bucket`, that encrypts the copies",
        examples=["arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1111-2222-3333-0123456789ab"],
    )
