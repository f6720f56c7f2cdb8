"""A permission: its policy statement, and the reason of its wildcards for rule checkers."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from kubequorum.accepted_findings import acknowledge

Conditions = dict[str, dict[str, str | list[str]]]

# Read once: each access is a call into the CDK's kernel.
PARTITION, REGION, ACCOUNT = Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A policy statement that allows something and, where a resource has a wildcard, the reason for it."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions | None = None
    wildcard_reason: str | None = None

    def statement(self) -> dict[str, object]:
        """The statement of a policy document."""
        statement: dict[str, object] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        return statement | ({"Condition": self.conditions} if self.conditions else {})


def policy_document(permissions: Sequence[Permission]) -> iam.PolicyDocument:
    """The document of a policy, in one piece: each call into the CDK's kernel costs time."""
    statements = [permission.statement() for permission in permissions]
    return iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements})


def arn(service: str, resource: str) -> str:
    """The ARN of a resource of this account in this region."""
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"


def resource_tags(wanted: dict[str, str]) -> dict[str, str | list[str]]:
    """A condition's keys and values: the resource has these tags."""
    return {f"aws:ResourceTag/{key}": value for key, value in wanted.items()}


def acknowledge_wildcards(policy: Construct, permissions: Sequence[Permission]) -> None:
    """Accept wildcards of permissions that have a reason; others remain findings."""
    explained = {
        resource: permission.wildcard_reason
        for permission in permissions
        for resource in permission.resources
        if permission.wildcard_reason is not None and "*" in resource
    }
    resolved = Stack.of(policy).resolve(list(explained))
    acknowledge(
        policy,
        {
            f"AwsSolutions::AwsSolutions-IAM5[Resource::{_flat(resource)}]": reason
            for resource, reason in zip(resolved, explained.values(), strict=True)
        },
    )


def _flat(resolved: object) -> str:
    """A resource as cdk-nag writes it in the id of a finding."""
    match resolved:
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(_flat(part) for part in parts)
        case {"Fn::ImportValue": str(name)}:
            return name
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"<{name}.{attribute}>"
        case _:
            return str(resolved)
