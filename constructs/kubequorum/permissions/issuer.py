"""Permissions of masters on the documents of the service-account issuer."""

from kubequorum.permissions.statement import Permission
from kubequorum_node.config import DISCOVERY_PATH, JWKS_PATH


def publish_issuer(*, bucket_arn: str) -> list[Permission]:
    """Read and write the two documents of the service-account issuer."""
    return [
        Permission(
            sid="IssuerDocuments",
            actions=("s3:GetObject", "s3:PutObject"),
            resources=tuple(f"{bucket_arn}/{key}" for key in (DISCOVERY_PATH, JWKS_PATH)),
        ),
        # Without it S3 answers 403 instead of 404 for a document that does not exist yet.
        Permission(sid="ListIssuer", actions=("s3:ListBucket",), resources=(bucket_arn,)),
    ]
