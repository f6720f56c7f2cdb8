"""An AWS role that one service account of the cluster may have."""

import json
from collections.abc import Sequence
from typing import cast

from aws_cdk import CfnResource, Fn
from aws_cdk import aws_iam as iam
from constructs import Construct

from kubequorum.accepted_findings import acknowledge
from kubequorum.permissions import Permission, acknowledge_wildcards, policy_document
from kubequorum.service_account_issuer import AUDIENCE
from kubequorum.state_exports import IssuerExports


class ServiceAccountRole(Construct):
    """A role that trusts the tokens of one service account, for STS.

    Args:
        issuer: of the cluster's tokens.
        namespace: the service account's.
        name: the service account's.
        description: what the role is for.
        role_name: its name; None lets CloudFormation make one up.
        permissions: what it allows.
        managed_policies: ARNs of policies that it has besides.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        issuer: IssuerExports,
        namespace: str,
        name: str,
        description: str,
        role_name: str | None = None,
        permissions: Sequence[Permission] = (),
        managed_policies: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.WebIdentityPrincipal(issuer.provider_arn),
            description=description,
            role_name=role_name,
            managed_policies=[
                iam.ManagedPolicy.from_managed_policy_arn(self, f"Policy{number}", arn)
                for number, arn in enumerate(managed_policies)
            ],
        )
        # As a text: the condition's keys have the issuer's name, which is not known before the deployment,
        # and a key of a template's mapping cannot have a function in it.
        trust = trust_policy(subject(namespace, name))
        values = {"Provider": issuer.provider_arn, "Issuer": issuer.domain}
        resource = cast("CfnResource", role.node.default_child)
        resource.add_property_override("AssumeRolePolicyDocument", Fn.sub(trust, values))
        if permissions:
            policy = iam.Policy(self, "Policy", document=policy_document(permissions), roles=[role])
            acknowledge_wildcards(policy, permissions)
        if managed_policies:
            acknowledge(
                role,
                {
                    f"AwsSolutions::AwsSolutions-IAM4[Policy::{arn}]": "the cluster file names it"
                    for arn in managed_policies
                },
            )
        self.role_arn = role.role_arn


def subject(namespace: str, name: str) -> str:
    """A service account as it is named in its tokens.

    https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
    """
    return f"system:serviceaccount:{namespace}:{name}"


def trust_policy(allowed_subject: str) -> str:
    """A trust policy as JSON, for Fn::Sub with ${Provider} and ${Issuer}.

    Equality, never a pattern: `system:serviceaccount:shop:*` would be everybody who may create pods there.
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "${Provider}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"${Issuer}:sub": allowed_subject, "${Issuer}:aud": AUDIENCE}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
