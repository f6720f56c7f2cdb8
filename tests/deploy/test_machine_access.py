"""The way onto machines, deployed: endpoint, keys and policy, and that a changed list replaces no machine."""

from pathlib import Path

import pytest

from kubequorum_node.document import ssh_keys_parameter
from tests.deploy.deployment import bootstrapped
from tests.synthesis import load_variant

pytestmark = pytest.mark.deploy


def test_keys_change_without_their_endpoint(tmp_path: Path) -> None:
    """The parameter has the keys in force; without any, all of it is gone."""
    alice, bob = load_variant("ssh").access.ssh_keys
    with bootstrapped(tmp_path) as deployment:
        ssm = deployment.client("ssm")

        def deploy(*keys: str) -> dict[str, str]:
            deployment.change(access={"ssh_keys": list(keys), "instance_connect_endpoint": bool(keys)})
            deployment.run_cdk("deploy", "local-Network", "--require-approval=never")
            return deployment.outputs("Network")

        name = ssh_keys_parameter("local")
        first = deploy(alice, bob)
        assert first["SshUser"] == "admin"
        assert first["InstanceConnectEndpointId"].startswith("eice-")
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == f"{alice}\n{bob}\n"
        policy = deployment.client("iam").get_policy(PolicyArn=first["SshPolicyArn"])["Policy"]
        assert policy["Arn"] == first["SshPolicyArn"]
        assert deploy(bob) == first
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == f"{bob}\n"
        assert not {"SshUser", "InstanceConnectEndpointId", "SshPolicyArn"} & deploy().keys()
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter(Name=name)
