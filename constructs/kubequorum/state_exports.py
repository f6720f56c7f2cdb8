"""Exports of the State stack, as the other stacks import them."""

from dataclasses import dataclass

from aws_cdk import Fn


@dataclass(frozen=True, kw_only=True)
class StateExports:
    """Ids of what holds the cluster's data. The names of the exports are a contract, see docs/contract.md."""

    volume_ids: dict[str, str]
    """The etcd volume of each slot."""
    key_arn: str
    bucket_arn: str
    zone_id: str

    @property
    def bucket_name(self) -> str:
        """Name of the state bucket, the last part of its ARN."""
        return Fn.select(5, Fn.split(":", self.bucket_arn))
