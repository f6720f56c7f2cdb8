"""Roles of the cluster file's service accounts: a change of them concerns no machine."""

from aws_cdk import CfnOutput, Environment, IStackSynthesizer, Stack
from constructs import Construct

from kubequorum.config import Cluster
from kubequorum.config.names import role_output
from kubequorum.permissions import Permission
from kubequorum.service_account_role import ServiceAccountRole, subject
from kubequorum.state_exports import IssuerExports


class ServiceAccountsStack(Stack):
    """A role for each entry of `service_accounts.roles`.

    Args:
        cluster: the cluster file.
        issuer: of the cluster's tokens.
        env: account and region.
        synthesizer: where the stack's assets go.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        issuer: IssuerExports,
        env: Environment,
        synthesizer: IStackSynthesizer,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            synthesizer=synthesizer,
            description=f"Kubequorum {cluster.name}: AWS roles of service accounts",
        )
        for wanted in cluster.service_accounts.roles:
            who = subject(wanted.namespace, wanted.name)
            role = ServiceAccountRole(
                self,
                f"{wanted.namespace}-{wanted.name}",
                issuer=issuer,
                namespace=wanted.namespace,
                name=wanted.name,
                description=f"{who} of {cluster.name}",
                permissions=[
                    Permission(
                        sid=f"Statement{number}",
                        actions=statement.actions,
                        resources=statement.resources,
                        conditions=statement.conditions or None,
                        wildcard_reason="the cluster file says so",
                    )
                    for number, statement in enumerate(wanted.statements)
                ],
                managed_policies=wanted.managed_policies,
            )
            CfnOutput(
                self,
                role_output(wanted.namespace, wanted.name),
                value=role.role_arn,
                description=f"Role of {who}",
            )
