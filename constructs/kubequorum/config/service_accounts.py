"""Section of a cluster file about service accounts: their issuer, and their AWS roles."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kubequorum.config.section import Section

Action = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+:[A-Za-z0-9*?]+$")]
Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
PolicyArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[A-Za-z0-9+=,.@/_-]+$")
]
Resource = Annotated[str, StringConstraints(pattern=r"^(\*|arn:[^\s]+)$")]
ServiceAccountName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]


class Statement(Section):
    """What a role allows."""

    actions: tuple[Action, ...] = Field(
        min_length=1, description="IAM actions", examples=[["s3:GetObject", "s3:PutObject"]]
    )
    resources: tuple[Resource, ...] = Field(
        min_length=1,
        description="ARNs that the actions are allowed on, or *",
        examples=[["arn:aws:s3:::my-bucket/*"]],
    )
    conditions: dict[str, dict[str, str | list[str]]] = Field(
        default={},
        description="conditions as in IAM: operator, key, value or list of values",
        examples=[{"StringEquals": {"aws:ResourceTag/team": "shop"}}],
    )


class ServiceAccountRole(Section):
    """An AWS role that one service account may have; it needs statements or managed policies."""

    namespace: Namespace = Field(description="namespace of the service account", examples=["shop"])
    name: ServiceAccountName = Field(description="name of the service account", examples=["orders"])
    statements: tuple[Statement, ...] = Field(default=(), description="what the role allows")
    managed_policies: tuple[PolicyArn, ...] = Field(
        default=(),
        max_length=10,
        description="ARNs of managed policies that it has besides, at most 10",
        examples=[["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]],
    )


class ServiceAccounts(Section):
    """Service accounts and AWS; see docs/service-account-roles.md."""

    issuer: Literal["cloudfront", "none"] = Field(
        default="cloudfront",
        description=(
            "where AWS finds the public keys of service accounts: cloudfront (a distribution in front of a "
            "private bucket) or none (pods get no AWS roles). A change makes all tokens of running pods "
            "invalid: decide before production"
        ),
    )
    roles: tuple[ServiceAccountRole, ...] = Field(
        default=(), description="AWS roles of service accounts; a change of them concerns no machine"
    )
