"""No secret in a stack output or in user-data: whoever may describe a stack or an instance can read them."""

import json
import re

import pytest

from tests.synthesis import CLUSTERS, synthesise, user_data

EVERY_CLUSTER = pytest.mark.parametrize("cluster", CLUSTERS)

OUTPUTS = re.compile(
    r"VpcId|ExportsOutput(Ref|FnGetAtt)(NetworkVpc|Firewall)\w+"
    r"|KeyArn|StateBucketArn|ZoneId|EtcdVolume[ABC]Id|IssuerDomain|IssuerBucketArn|IssuerProviderArn"
    r"|ApiEndpoint|ApiLoadBalancer|Master[ABC]GroupName|GroupName[a-z0-9]+"
    r"|RoleArn[A-Za-z0-9]+"
)
"""Names and ids only: a new output is reviewed before it is added here."""


@EVERY_CLUSTER
def test_outputs_are_names_and_ids(cluster: str) -> None:
    """Each output was reviewed; none refers to a secret."""
    for template in synthesise(cluster).templates.values():
        for name, output in template.get("Outputs", {}).items():
            assert OUTPUTS.fullmatch(name), name
            assert "resolve:secretsmanager" not in json.dumps(output)


@EVERY_CLUSTER
def test_user_data_holds_names_and_ids_only(cluster: str) -> None:
    """Five variables, and a configuration of names and ids; no tokens, no keys."""
    for logical_id, template in synthesise(cluster).resources("AWS::EC2::LaunchTemplate").items():
        lines = user_data(template).splitlines()
        variables = dict(re.findall(r"^([A-Z0-9]+)=(.*)$", "\n".join(lines), re.MULTILINE))
        assert set(variables) == {"REGION", "BUCKET", "KEY", "SHA256", "CONFIG"}
        config = json.loads(variables["CONFIG"].strip("'"))
        own = (
            {
                "etcd_volume_id",
                "hosted_zone_id",
                "api_load_balancer_name",
                "issuer",
                "issuer_bucket",
            }
            if logical_id.startswith("Master")
            else set()
        )
        assert {key for key, value in config.items() if value} == {"role", "signals", "bucket"} | own


@EVERY_CLUSTER
def test_templates_have_no_parameter_and_no_secret_of_secrets_manager(cluster: str) -> None:
    """Values are known at synthesis; secrets are created by the masters and kept in the bucket."""
    synthesised = synthesise(cluster)
    for template in synthesised.templates.values():
        assert set(template.get("Parameters", {})) <= {"BootstrapVersion"}
    assert not synthesised.resources("AWS::SecretsManager::Secret")
