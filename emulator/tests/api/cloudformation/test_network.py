"""VPCs as CDK writes them."""

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Emulator, Stack


def test_network_resources(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Address, NAT gateway, flow log and rules between groups exist as declared, with tags and attributes."""
    stack.create(template("network"))
    assert stack.status == "CREATE_COMPLETE", stack.events()
    ec2, outputs = emulator.client("ec2"), stack.outputs

    assert outputs["VpcCidr"] == "10.1.0.0/16"
    nat = ec2.describe_nat_gateways(NatGatewayIds=[outputs["NatId"]])["NatGateways"][0]
    assert nat["VpcId"] == outputs["VpcId"]
    tags = {tag["Key"]: tag["Value"] for tag in nat["Tags"]}
    assert tags["Name"] == "nat"
    assert tags["aws:cloudformation:logical-id"] == "Nat"
    addresses = {address["PublicIp"] for address in ec2.describe_addresses()["Addresses"]}
    assert outputs["Address"] in addresses
    flow_log = ec2.describe_flow_logs(FlowLogIds=[outputs["FlowLogId"]])["FlowLogs"][0]
    assert flow_log["TrafficType"] == "REJECT"
    assert flow_log["ResourceId"] == outputs["VpcId"]

    servers = ec2.describe_security_groups(GroupIds=[outputs["ServersId"]])["SecurityGroups"][0]
    ingress = [rule for rule in servers["IpPermissions"] if rule.get("FromPort") == 8443]
    assert ingress[0]["UserIdGroupPairs"][0]["GroupId"] == outputs["ClientsId"]
    assert ingress[0]["UserIdGroupPairs"][0]["Description"] == "the API"
    assert any(rule.get("FromPort") == 9100 for rule in servers["IpPermissionsEgress"])


def test_network_is_removed(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Deleting the stack releases the address and ends NAT gateway and flow log."""
    stack.create(template("network"))
    outputs, ec2 = stack.outputs, emulator.client("ec2")
    stack.delete()
    assert outputs["Address"] not in {item["PublicIp"] for item in ec2.describe_addresses()["Addresses"]}
    assert not ec2.describe_flow_logs(FlowLogIds=[outputs["FlowLogId"]])["FlowLogs"]
    states = {
        nat["State"] for nat in ec2.describe_nat_gateways(NatGatewayIds=[outputs["NatId"]])["NatGateways"]
    }
    assert states <= {"deleting", "deleted"}


def test_removing_a_rule_removes_only_it(emulator: Emulator, stack: Stack, template: Template) -> None:
    """An update without one of two rules revokes that rule and leaves the other."""
    text = template("network")
    stack.create(text)
    without = text.replace("FromPort: 8443", "FromPort: 443").replace("ToPort: 8443", "ToPort: 443")
    stack.update(without)
    assert stack.status == "UPDATE_COMPLETE", stack.events()
    groups = emulator.client("ec2").describe_security_groups(GroupIds=[stack.outputs["ServersId"]])
    ports = {rule.get("FromPort") for rule in groups["SecurityGroups"][0]["IpPermissions"]}
    assert ports == {443}


def test_network_without_nat(emulator: Emulator, stack: Stack, template: Template) -> None:
    """A VPC that reaches AWS through endpoints only deploys, and its endpoints are known."""
    stack.create(template("endpoints"))
    assert stack.status == "CREATE_COMPLETE", stack.events()
    outputs = stack.outputs
    endpoints = emulator.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[outputs["Ec2"], outputs["S3"]])[
        "VpcEndpoints"
    ]
    kinds = {item["ServiceName"]: (item["VpcEndpointType"], item["State"]) for item in endpoints}
    assert kinds == {
        "com.amazonaws.us-east-1.ec2": ("Interface", "available"),
        "com.amazonaws.us-east-1.s3": ("Gateway", "available"),
    }
