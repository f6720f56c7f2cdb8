"""Sections of a cluster file about security: how pods are admitted, what is encrypted, who may log in."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kubequorum.config.section import Section

PodSecurityLevel = Literal["privileged", "baseline", "restricted"]
NamespaceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
ResourceName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", max_length=253)
]
Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][-A-Za-z0-9._]*[:/]$", max_length=63)]
Claim = Annotated[str, StringConstraints(min_length=1, max_length=253)]


class Security(Section):
    """Admission of pods, and encryption at rest; see docs/security.md."""

    pod_security: PodSecurityLevel = Field(
        default="baseline",
        description=(
            "Pod Security Standard that pods must meet in namespaces that do not say otherwise: "
            "privileged, baseline or restricted; kube-system is exempt"
        ),
    )
    namespaces: dict[NamespaceName, PodSecurityLevel] = Field(
        default={},
        description=(
            "the standard of single namespaces, which masters create if they do not exist, and label; "
            "a namespace that is taken out of here gets the default again"
        ),
        examples=[{"payments": "restricted", "monitoring": "privileged"}],
    )
    encrypted_resources: tuple[ResourceName, ...] = Field(
        default=("secrets", "configmaps"),
        min_length=1,
        description=(
            "resources that the API server encrypts in etcd, as plural or plural.group; secrets must be "
            "among them; objects that exist are encrypted when they are written next"
        ),
        examples=[["secrets", "configmaps", "certificates.example.com"]],
    )


class OidcIssuer(Section):
    """An OpenID Connect provider whose tokens the API server accepts; what they may do is for RBAC to say."""

    url: str = Field(
        description="issuer, as in the claim iss of its tokens; the masters must reach it",
        examples=["https://login.example.com"],
    )
    audiences: tuple[Claim, ...] = Field(
        min_length=1, description="a token must be for one of them (claim aud)", examples=[["kubernetes"]]
    )
    username_claim: Claim = Field(
        default="sub",
        description="claim that names the user; with email, a token must also say that it is verified",
    )
    username_prefix: Prefix = Field(
        default="oidc:",
        description=(
            "what is put before the user's name; ends in a colon or slash, and is another for each issuer"
        ),
    )
    groups_claim: Claim | None = Field(
        default=None,
        description="claim with the user's groups; without it users have no groups",
        examples=["groups"],
    )
    groups_prefix: Prefix = Field(
        default="oidc:", description="what is put before the names of groups, as username_prefix"
    )
    required_claims: dict[Claim, str] = Field(
        default={},
        description="claims that a token must have, with these values",
        examples=[{"hd": "example.com"}],
    )
    certificate_authority: str | None = Field(
        default=None,
        description="PEM of the CA of its certificate; without it those that the image trusts",
    )
