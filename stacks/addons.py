"""What the cluster's masters should apply: a set of addons, which rolls back with this stack."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import (
    AssetHashType,
    CfnCreationPolicy,
    CfnResourceSignal,
    CfnWaitCondition,
    Duration,
    Environment,
    IStackSynthesizer,
    Stack,
)
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from kubequorum.addons import (
    AddonRole,
    addon_roles,
    addon_set,
    cloud_controller_manager,
    longest_seconds,
    role_name,
)
from kubequorum.config import Cluster
from kubequorum.config.names import SETTINGS_METADATA
from kubequorum.service_account_role import ServiceAccountRole
from kubequorum.state_exports import IssuerExports, StateExports
from kubequorum_node.addon_set import AddonSetLocation, parameter_name, placeholder, sha256_of
from stacks.network import NetworkStack

_PARAMETER_ID = "AddonSet"
_ID_LENGTH = 12
_MARGIN = Duration.minutes(5)
"""Until masters have read the parameter, another one goes on after one that died, and the signal is there."""
_LONGEST = Duration.hours(12)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-creationpolicy.html"""


class AddonsStack(Stack):
    """The set as an asset, the parameter that puts it in force, and a resource that waits until it is ready.

    And a role for each addon that calls AWS.

    Args:
        cluster: the cluster file.
        network: ids of it are values that addons need.
        state: exports of the State stack.
        env: account and region.
        synthesizer: where the stack's assets go.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        network: NetworkStack,
        state: StateExports,
        env: Environment,
        synthesizer: IStackSynthesizer,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            synthesizer=synthesizer,
            description=f"Kubequorum {cluster.name}: the set of addons that masters apply",
        )
        addons = addon_set(cluster)
        content = addons.to_json()
        sha256 = sha256_of(content.encode())
        asset = self._asset(content, sha256)
        # An empty set is waited for by nobody: nothing has to become ready.
        signal = f"AddonsReady{sha256[:_ID_LENGTH].upper()}" if addons.addons else ""
        location = AddonSetLocation(
            bucket=asset.s3_bucket_name,
            key=asset.s3_object_key,
            sha256=sha256,
            stack=self.stack_name,
            signal=signal,
            values=_values(content, network),
        )
        parameter = ssm.CfnParameter(
            self,
            _PARAMETER_ID,
            name=parameter_name(cluster.name),
            type="String",
            value=location.to_json(),
            description=f"Set of addons of {cluster.name} that is in force",
        )
        parameter.override_logical_id(_PARAMETER_ID)
        # The last stack of a deployment says what cluster file all of it was made from: `plan` compares.
        parameter.add_metadata(SETTINGS_METADATA, cluster.model_dump(mode="json", exclude_none=True))
        if state.issuer is not None:
            for wanted in addon_roles(cluster, own_zone_id=state.zone_id):
                # Before pods need it.
                parameter.node.add_dependency(self._role(wanted, cluster, state.issuer))
        if signal:
            self._wait(signal, parameter, Duration.seconds(longest_seconds(addons)))

    def _role(self, wanted: AddonRole, cluster: Cluster, issuer: IssuerExports) -> Construct:
        return ServiceAccountRole(
            self,
            f"{wanted.addon}-role",
            issuer=issuer,
            namespace=wanted.namespace,
            name=wanted.addon,
            role_name=role_name(cluster, wanted.addon),
            description=f"Addon {wanted.addon} of {cluster.name}",
            permissions=wanted.permissions,
        )

    def _asset(self, content: str, sha256: str) -> assets.Asset:
        with TemporaryDirectory(prefix="kubequorum-addons-") as folder:
            file = Path(folder) / "addons.json"
            file.write_text(content, encoding="utf-8")
            # The CDK copies it at once.
            return assets.Asset(
                self,
                "Set",
                path=str(file),
                asset_hash=sha256,
                asset_hash_type=AssetHashType.CUSTOM,
            )

    def _wait(self, signal: str, parameter: ssm.CfnParameter, longest: Duration) -> None:
        """Wait once for each set: CloudFormation cannot update a wait condition, so each has its own."""
        ready = CfnWaitCondition(self, signal)
        ready.override_logical_id(signal)
        timeout = min(longest.plus(_MARGIN).to_seconds(), _LONGEST.to_seconds())
        ready.cfn_options.creation_policy = CfnCreationPolicy(
            resource_signal=CfnResourceSignal(count=1, timeout=Duration.seconds(timeout).to_iso_string())
        )
        ready.add_resource_dependency(parameter)


def _values(content: str, network: NetworkStack) -> dict[str, str]:
    """What has a placeholder in a set's file. Asking for an id makes Network export it."""
    ids: dict[str, Callable[[], str]] = {
        cloud_controller_manager.VPC_VALUE: lambda: network.network.vpc.vpc_id,
        cloud_controller_manager.SUBNET_VALUE: lambda: network.network.subnet_of("a").subnet_id,
    }
    return {name: find() for name, find in ids.items() if placeholder(name) in content}
