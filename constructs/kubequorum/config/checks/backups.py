"""Where backups are copied to."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem


def backup_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check that bucket and key of the copies are both there.

    What is encrypted with a key of KMS is not replicated without a key for the copies:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    bucket, key = cluster.backups.replica_bucket, cluster.backups.replica_key_arn
    if bucket is not None and key is None:
        yield Problem(
            "backups.replica_key_arn",
            None,
            f"no key encrypts the copies in {bucket}: S3 would not copy anything",
            "name a key of that bucket's region",
        )
    if bucket is None and key is not None:
        yield Problem(
            "backups.replica_bucket",
            None,
            "there is a key for copies of backups, and no bucket",
            "name the bucket, or remove backups.replica_key_arn",
        )
