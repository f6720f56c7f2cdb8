"""Exports of the State stack, as the other stacks import them."""

from dataclasses import dataclass

from aws_cdk import Fn


@dataclass(frozen=True, kw_only=True)
class IssuerExports:
    """The service-account issuer."""

    domain: str
    """Host of its URL."""
    bucket_arn: str
    """Bucket with its documents."""
    provider_arn: str
    """OIDC provider by which IAM knows it."""

    @property
    def bucket_name(self) -> str:
        """Name of its bucket."""
        return _name_of(self.bucket_arn)


@dataclass(frozen=True, kw_only=True)
class StateExports:
    """Ids of what holds the cluster's data. The names of the exports are a contract, see docs/contract.md."""

    volume_ids: dict[str, str]
    """The etcd volume of each slot."""
    key_arn: str
    bucket_arn: str
    zone_id: str
    issuer: IssuerExports | None
    """None in a cluster without a service-account issuer."""

    @property
    def bucket_name(self) -> str:
        """Name of the state bucket, the last part of its ARN."""
        return _name_of(self.bucket_arn)


def _name_of(bucket_arn: str) -> str:
    return Fn.select(5, Fn.split(":", bucket_arn))
