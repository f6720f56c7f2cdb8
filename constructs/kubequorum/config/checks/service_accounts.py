"""Service accounts: where their issuer can be, and their roles against each other."""

import json
from collections.abc import Iterator
from itertools import combinations

from kubequorum.config.model import Cluster
from kubequorum.config.names import role_output
from kubequorum.config.problem import Problem
from kubequorum.config.service_accounts import ServiceAccountRole

_GOVCLOUD = "us-gov-"
_LARGEST_POLICY = 10_240
"""Characters of a role's own policies, without white space.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_FRAME = 300
"""What policy document and statement ids need besides."""


def service_account_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the issuer against the region, and every role.

    CloudFront is not a service of AWS GovCloud (US):
    https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/setting-up-cloudfront.html
    """
    accounts = cluster.service_accounts
    if accounts.issuer == "cloudfront" and cluster.region.startswith(_GOVCLOUD):
        yield Problem(
            "service_accounts.issuer",
            accounts.issuer,
            f"there is no CloudFront in {cluster.region}",
            "set it to none: pods get no AWS roles then",
        )
    if accounts.issuer == "none" and accounts.roles:
        yield Problem(
            "service_accounts.roles",
            [f"{role.namespace}/{role.name}" for role in accounts.roles],
            "nobody could have these roles: service_accounts.issuer is none",
            "remove them, or choose another issuer",
        )
    for index, role in enumerate(accounts.roles):
        yield from _role(f"service_accounts.roles.{index}", role)
    for (i, first), (j, second) in combinations(enumerate(accounts.roles), 2):
        if role_output(first.namespace, first.name) == role_output(second.namespace, second.name):
            yield Problem(
                f"service_accounts.roles.{j}",
                f"{second.namespace}/{second.name}",
                f"is not distinct from service_accounts.roles.{i}, {first.namespace}/{first.name}: "
                "names in CloudFormation have no dashes and dots",
                "put all that a service account may do into one role, and give others names that differ more",
            )


def _role(key: str, role: ServiceAccountRole) -> Iterator[Problem]:
    name = f"{role.namespace}/{role.name}"
    if not role.statements and not role.managed_policies:
        yield Problem(key, name, "allows nothing", "give it statements or managed_policies")
    size = _FRAME + sum(
        len(json.dumps(statement.model_dump(mode="json"), separators=(",", ":")))
        for statement in role.statements
    )
    if role.statements and size > _LARGEST_POLICY:
        yield Problem(
            f"{key}.statements",
            name,
            f"make a policy of about {size} characters, and IAM takes {_LARGEST_POLICY}",
            "make a managed policy of some of them, and name it in managed_policies",
        )
