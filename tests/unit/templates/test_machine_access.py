"""SSH: who reaches port 22, with which keys, and who may open the way."""

from typing import Any

from kubequorum.config.checks.access import LONGEST_PARAMETER
from tests.synthesis import synthesise, user_data
from tests.unit.templates.common import EVERY_CLUSTER

ENDPOINT = "AWS::EC2::InstanceConnectEndpoint"


def _one(resource_type: str, cluster: str = "ssh") -> tuple[str, dict[str, Any]]:
    ((logical_id, found),) = synthesise(cluster).resources(resource_type).items()
    return logical_id, found["Properties"]


def _rules_of_ssh() -> list[dict[str, Any]]:
    """Every rule that lets somebody reach port 22."""
    found = [r["Properties"] for r in synthesise("ssh").resources("AWS::EC2::SecurityGroupIngress").values()]
    for group in synthesise("ssh").resources("AWS::EC2::SecurityGroup").values():
        found += group["Properties"].get("SecurityGroupIngress", [])
    return [rule for rule in found if rule["FromPort"] <= 22 <= rule["ToPort"]]


@EVERY_CLUSTER
def test_without_keys_there_is_no_way_in(cluster: str) -> None:
    """No endpoint, no parameter, no permission, no open port."""
    synthesised = synthesise(cluster)
    assert not synthesised.resources(ENDPOINT)
    text = str(synthesised.templates)
    assert "ssh-keys" not in text
    assert "'FromPort': 22," not in text


def test_machines_are_reached_from_the_endpoint_only() -> None:
    """Masters and workers; the endpoint's connections come from its own group, and go nowhere else."""
    _, endpoint = _one(ENDPOINT)
    ((group,),) = [each["Fn::GetAtt"][:1] for each in endpoint["SecurityGroupIds"]]
    assert endpoint["PreserveClientIp"] is False
    rules = _rules_of_ssh()
    assert len(rules) == 2
    for rule in rules:
        assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (22, 22, "tcp")
        assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": [group, "GroupId"]}
        assert "CidrIp" not in rule
    resources = synthesise("ssh").templates["Network"]["Resources"]
    assert "SecurityGroupIngress" not in resources[group]["Properties"]
    out = [
        r["Properties"]
        for r in synthesise("ssh").resources("AWS::EC2::SecurityGroupEgress").values()
        if r["Properties"]["GroupId"] == {"Fn::GetAtt": [group, "GroupId"]}
    ]
    assert {(rule["FromPort"], rule["ToPort"]) for rule in out} == {(22, 22)}
    assert all("DestinationSecurityGroupId" in rule for rule in out)


def test_the_policy_opens_port_22_of_this_vpc_through_this_endpoint() -> None:
    """And nothing else that changes anything."""
    logical_id, _ = _one(ENDPOINT)
    _, policy = _one("AWS::IAM::ManagedPolicy")
    statements = {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"]}
    tunnel = statements.pop("OpenTunnel")
    endpoint = tunnel["Resource"]["Fn::Join"][1][-2:]
    assert endpoint == [":instance-connect-endpoint/", {"Fn::GetAtt": [logical_id, "Id"]}]
    assert tunnel["Condition"] == {
        "NumericEquals": {"ec2-instance-connect:remotePort": "22"},
        "NumericLessThanEquals": {"ec2-instance-connect:maxTunnelDuration": "3600"},
        "IpAddress": {
            "ec2-instance-connect:privateIpAddress": str(synthesise("ssh").cluster.network.vpc_cidr)
        },
    }
    others = {action for s in statements.values() for action in s["Action"]}
    assert all(action.partition(":")[2].startswith(("Describe", "List")) for action in others)


def test_keys_are_in_a_parameter_that_instances_may_read() -> None:
    """Not in their launch templates: a changed list replaces none."""
    parameter = synthesise("ssh").resources("AWS::SSM::Parameter")["SshKeys"]["Properties"]
    assert parameter["Name"] == "/kubequorum/ha/ssh-keys"
    assert parameter["Value"].count("ssh-ed25519 ") == len(synthesise("ssh").cluster.access.ssh_keys)
    assert len(parameter["Value"]) <= LONGEST_PARAMETER
    policies = [
        r["Properties"]["PolicyDocument"]["Statement"]
        for r in synthesise("ssh").resources("AWS::IAM::Policy").values()
        if any(s.get("Sid") == "ReadOwnGroup" for s in r["Properties"]["PolicyDocument"]["Statement"])
    ]
    assert len(policies) == len(synthesise("ssh").cluster.slots) + len(
        synthesise("ssh").cluster.worker_groups
    )
    for statements in policies:
        (own,) = [s for s in statements if s.get("Sid") == "ReadSshKeys"]
        assert own["Action"] in ("ssm:GetParameter", ["ssm:GetParameter"])
        assert "parameter/kubequorum/ha/ssh-keys" in str(own["Resource"])
    for template in synthesise("ssh").resources("AWS::EC2::LaunchTemplate").values():
        assert "KeyName" not in template["Properties"]["LaunchTemplateData"]
        assert "ssh-ed25519" not in user_data(template)
