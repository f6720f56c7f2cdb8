"""The bucket that holds what masters share: the cluster's CA set, slot records, join material."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from kubequorum.accepted_findings import acknowledge

PKI_PREFIX = "pki/"
"""The CA set: written once, by the first master."""
SLOTS_PREFIX = "slots/"
"""One record per slot, below the slot's name."""
JOIN_PREFIX = "join/"
"""What workers join with: short-lived, rewritten by masters periodically."""
ADMIN_PREFIX = "admin/"
"""The administrator's kubeconfig: short-lived, written by masters, read by people only."""
RESTORES_PREFIX = "restores/"
"""Requests to restore etcd, written once each by people."""
RESTORED_PREFIX = f"{RESTORES_PREFIX}data/"
"""What masters make of them: one snapshot for each."""
RESTORE_SOURCES_PREFIX = f"{RESTORES_PREFIX}sources/"
"""Copies of another cluster's backups, written by people: all of that cluster's data."""
RESTORE_CLAIMS_PREFIX = f"{RESTORES_PREFIX}claims/"
"""Which master makes it."""
IDENTITY_PREFIX = "identity/"
"""Hashes of keys that workers ask certificates for: written by the instance itself, read by masters."""
BACKUPS_PREFIX = "backups/"
"""Backups of etcd: written once each, and pruned by masters; see docs/backups.md."""
AUDIT_PREFIX = "audit/"
"""Audit logs of the API servers, below the slot's name: written once by masters, who may not read them."""
PROGRAMS_PREFIX = "programs/"
"""Programs that images lack, each below its sha256: written once, and deleted by masters when long unused."""
_RESTORED = Duration.days(30)
"""How long a master may be late for a restore; after that its member copies the others' data."""
_DELETED_BACKUPS = Duration.days(3)
"""How long a backup can be had back that was pruned or deleted by mistake: each is a whole database."""


class StateBucket(Construct):
    """A private, versioned, encrypted bucket that refuses plain HTTP and a change of what is written once.

    Args:
        key: encrypts all objects.
        audit_log_days: how long the API servers' audit logs are kept.

    """

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey, audit_log_days: int) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="old-versions",
                    noncurrent_version_expiration=Duration.days(90),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
                *(
                    s3.LifecycleRule(
                        id=f"old-{prefix.rstrip('/')}",
                        prefix=prefix,
                        noncurrent_version_expiration=Duration.days(1),
                    )
                    for prefix in (JOIN_PREFIX, ADMIN_PREFIX)
                ),
                s3.LifecycleRule(
                    id="old-audit-logs",
                    prefix=AUDIT_PREFIX,
                    expiration=Duration.days(audit_log_days),
                    noncurrent_version_expiration=_DELETED_BACKUPS,
                ),
                s3.LifecycleRule(
                    id="old-identity",
                    prefix=IDENTITY_PREFIX,
                    # Needed until its instance has joined, which takes minutes.
                    expiration=Duration.days(1),
                    noncurrent_version_expiration=Duration.days(1),
                ),
                *(
                    s3.LifecycleRule(
                        id=f"old-{prefix.rstrip('/')}",
                        prefix=prefix,
                        noncurrent_version_expiration=kept,
                        # A listing passes over all of them.
                        expired_object_delete_marker=True,
                    )
                    for prefix, kept in (
                        (BACKUPS_PREFIX, _DELETED_BACKUPS),
                        # Whoever misses one downloads it again.
                        (PROGRAMS_PREFIX, Duration.days(1)),
                    )
                ),
                *(
                    s3.LifecycleRule(
                        id=name,
                        prefix=prefix,
                        expiration=_RESTORED,
                        noncurrent_version_expiration=_DELETED_BACKUPS,
                    )
                    for name, prefix in (
                        ("old-restored-data", RESTORED_PREFIX),
                        ("old-restore-sources", RESTORE_SOURCES_PREFIX),
                    )
                ),
            ],
        )
        acknowledge(
            self.bucket,
            {
                "AwsSolutions::AwsSolutions-S1": (
                    "all objects are versioned, and CloudTrail's data events record who read them"
                )
            },
        )
        # Nobody rewrites who did what. Of two masters that create the CA set, or continue the backups, at the
        # same moment one must fail; and of two people who request a restore.
        # Requests that make no object (parts of an upload) cannot have the header.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
        without_condition = {"Null": {"s3:if-none-match": "true"}}
        makes_an_object = {"Bool": {"s3:ObjectCreationOperation": "true"}}
        for sid, prefix, conditions in (
            ("CaSetIsWrittenOnce", PKI_PREFIX, without_condition),
            ("AuditLogsAreWrittenOnce", AUDIT_PREFIX, without_condition),
            ("BackupsAreWrittenOnce", BACKUPS_PREFIX, {**without_condition, **makes_an_object}),
            ("RestoresAreWrittenOnce", RESTORES_PREFIX, {**without_condition, **makes_an_object}),
            ("ProgramsAreWrittenOnce", PROGRAMS_PREFIX, {**without_condition, **makes_an_object}),
        ):
            self.bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    effect=iam.Effect.DENY,
                    principals=[iam.AnyPrincipal()],
                    actions=["s3:PutObject"],
                    resources=[self.bucket.arn_for_objects(f"{prefix}*")],
                    conditions=conditions,
                )
            )
