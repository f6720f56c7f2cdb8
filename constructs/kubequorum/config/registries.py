"""The section `registries`: private registries whose images nodes pull with their own roles."""

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from kubequorum.config.section import Section

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
RegionName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
Repository = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9*]([-a-z0-9._/*]*[a-z0-9*])?$", max_length=256)
]
PRIVATE_ECR_HOST = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[-a-z0-9]+)"
    r"\.(amazonaws\.(com(\.cn)?|eu)|on\.(aws|amazonwebservices\.com\.cn))"
)
"""Registries of one account, also for IPv6 and FIPS 140
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html)."""


class EcrRegistry(Section):
    """The private ECR registry of an account in a region, and what nodes may pull from it."""

    account: AccountId | None = Field(
        default=None,
        description=(
            "AWS account id, 12 digits in quotes; without it the cluster's own. The repositories of another "
            "account must allow it, too"
        ),
        examples=["444455556666"],
    )
    region: RegionName | None = Field(
        default=None, description="AWS region; without it the cluster's own", examples=["eu-central-1"]
    )
    repositories: tuple[Repository, ...] = Field(
        min_length=1,
        description="repositories that all nodes may pull from; * stands for any characters, / among them",
        examples=[["shop/*", "base"]],
    )


class Registries(Section):
    """Private registries whose images nodes pull with their own roles, see docs/registries.md."""

    ecr: tuple[EcrRegistry, ...] = Field(
        default=(),
        max_length=20,
        description="private registries of Amazon ECR; a change replaces all machines",
    )


def hosts(account: str, region: str) -> list[str]:
    """All names of a registry, whichever of them exist in its region."""
    return [f"{account}.dkr.{service}.{region}.amazonaws.com" for service in ("ecr", "ecr-fips")] + [
        f"{account}.dkr-{service}.{region}.on.aws" for service in ("ecr", "ecr-fips")
    ]
