"""Where backups are copied to, in a cluster file."""

from pathlib import Path

import pytest

from tests.unit.config.cluster_files import KeyPath, Mistake, accepted, assert_reported, changed

ARN = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1111-2222-3333-0123456789ab"
BUCKET: KeyPath = ("backups", "replica_bucket")
KEY: KeyPath = ("backups", "replica_key_arn")


def test_a_bucket_and_a_key_of_another_region_are_accepted(tmp_path: Path) -> None:
    """Of any account."""
    accepted(tmp_path, changed(("backups",), {"replica_bucket": "copies-of-ha", "replica_key_arn": ARN}))


MISTAKES: list[Mistake] = [
    (
        "no key",
        BUCKET,
        "copies-of-ha",
        ("backups.replica_key_arn", "S3 would not copy", "of that bucket's region"),
    ),
    ("no bucket", KEY, ARN, ("backups.replica_bucket", "no bucket", "remove backups.replica_key_arn")),
    ("an ARN of a bucket", BUCKET, "arn:aws:s3:::copies", ("backups.replica_bucket = arn:aws:s3:::copies",)),
    ("an alias", KEY, "alias/copies", ("backups.replica_key_arn = alias/copies", "ARN of the KMS key")),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_what_would_copy_nothing_is_refused(tmp_path: Path, mistake: Mistake) -> None:
    """S3 itself accepts rules that copy nothing."""
    assert_reported(tmp_path, mistake)
