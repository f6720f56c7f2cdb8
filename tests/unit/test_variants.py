"""Cluster files that no example shows, and the templates that they make."""

from kubequorum.config import Cluster
from tests.synthesis import synthesise, synthesise_cluster


def test_without_nat_there_is_no_way_to_the_internet() -> None:
    """No gateway to the internet, no public subnet; an endpoint for each AWS API that instances call."""
    synthesised = synthesise("without-nat")
    assert not synthesised.resources("AWS::EC2::NatGateway")
    assert not synthesised.resources("AWS::EC2::InternetGateway")
    assert len(synthesised.resources("AWS::EC2::Subnet")) == 3
    services = {
        str(e["Properties"]["ServiceName"]) for e in synthesised.resources("AWS::EC2::VPCEndpoint").values()
    }
    called = ("autoscaling", "cloudformation", "ec2", "elasticloadbalancing", "monitoring", "s3", "ssm")
    assert len(services) == len(called)
    for service in called:
        assert any(service in name for name in services), service


def test_endpoints_are_reached_from_the_vpc_only() -> None:
    """One security group serves all of them: HTTPS from the VPC's range in, nothing out."""
    synthesised = synthesise("without-nat")
    groups = synthesised.resources("AWS::EC2::SecurityGroup")
    (name,) = [logical_id for logical_id in groups if logical_id.startswith("NetworkEndpoints")]
    (rule,) = groups[name]["Properties"]["SecurityGroupIngress"]
    assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == ("10.77.0.0/16", 443, 443)
    (nowhere,) = groups[name]["Properties"]["SecurityGroupEgress"]
    assert nowhere["CidrIp"] == "255.255.255.255/32"
    users = [
        endpoint["Properties"]["SecurityGroupIds"]
        for endpoint in synthesised.resources("AWS::EC2::VPCEndpoint").values()
        if endpoint["Properties"]["VpcEndpointType"] == "Interface"
    ]
    assert users == [[{"Fn::GetAtt": [name, "GroupId"]}]] * 6


def test_a_single_nat_gateway_serves_all_zones() -> None:
    """One gateway, and a route to it from every private subnet."""
    synthesised = synthesise("single-nat")
    (gateway,) = synthesised.resources("AWS::EC2::NatGateway")
    routes = [
        r for r in synthesised.resources("AWS::EC2::Route").values() if "NatGatewayId" in r["Properties"]
    ]
    assert [r["Properties"]["NatGatewayId"] for r in routes] == [{"Ref": gateway}] * 3


def test_private_addresses_stay_when_nat_changes() -> None:
    """Switching NAT replaces no private subnet: the masters live there."""

    def private_subnets(cluster: str) -> dict[str, str]:
        resources = synthesise(cluster).resources("AWS::EC2::Subnet")
        return {k: v["Properties"]["CidrBlock"] for k, v in resources.items() if "private" in k}

    assert private_subnets("without-nat") == private_subnets("single-nat") == private_subnets("local")


def test_an_existing_public_zone_is_used() -> None:
    """There the API's name points to the public load balancer, and nodes have a name of their own."""
    synthesised = synthesise("public-zone")
    assert not synthesised.resources("AWS::Route53::HostedZone")
    records = {
        r["Properties"]["Name"]: r["Properties"]["AliasTarget"]["DNSName"]["Fn::Join"][1][1]["Fn::GetAtt"][0]
        for r in synthesised.resources("AWS::Route53::RecordSet").values()
    }
    assert records["api.k8s.example.com."].startswith("ApiPublic")
    assert records["api-internal.k8s.example.com."].startswith("ApiInternal")
    assert {
        r["Properties"]["HostedZoneId"] for r in synthesised.resources("AWS::Route53::RecordSet").values()
    } == {"Z0123456789ABCDEFGHIJ"}


def test_in_a_private_zone_the_api_name_is_internal() -> None:
    """A private zone is visible in the VPC only: there the name points to the internal load balancer."""
    synthesised = synthesise("ha")
    (record,) = synthesised.resources("AWS::Route53::RecordSet").values()
    assert record["Properties"]["Name"] == "api.ha.kubequorum.internal."
    assert "ApiInternal" in str(record["Properties"]["AliasTarget"])


def test_a_mirror_on_s3_may_be_read_by_every_instance() -> None:
    """Its prefix and nothing else; a mirror on the web needs no permission, but an open port."""
    on_s3 = synthesise("mirror-on-s3")
    policies = on_s3.resources("AWS::IAM::Policy").values()
    found = [
        statement["Resource"]
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "ReadMirror"
    ]
    assert len(found) == 4
    assert all(str(resource).count(":s3:::my-mirror/kubernetes/*") == 1 for resource in found)

    on_the_web = synthesise("mirror-on-the-web")
    assert "ReadMirror" not in str(on_the_web.resources("AWS::IAM::Policy"))
    (masters,) = [
        group
        for logical_id, group in on_the_web.resources("AWS::EC2::SecurityGroup").items()
        if logical_id.startswith("FirewallMasters")
    ]
    assert 8080 in [rule.get("ToPort") for rule in masters["Properties"]["SecurityGroupEgress"]]


def test_a_cluster_without_workers() -> None:
    """It has no Workers stack: CloudFormation does not accept an empty one."""
    synthesised = synthesise("local")
    document = synthesised.cluster.model_dump(mode="json")
    document["worker_groups"] = []
    templates = synthesise_cluster(Cluster.model_validate(document)).templates
    assert set(templates) == {"Network", "State", "ControlPlane", "Addons"}


def test_nodes_find_the_api_while_its_exposure_changes() -> None:
    """In a public zone their name is always the same, and always points to the internal load balancer."""
    public = synthesise("public-zone")
    document = public.cluster.model_dump(mode="json")
    document["api"] = {"exposure": "internal"}
    internal = synthesise_cluster(Cluster.model_validate(document))
    assert internal.cluster.node_api_name == public.cluster.node_api_name == "api-internal.k8s.example.com"
    for synthesised in (public, internal):
        records = synthesised.resources("AWS::Route53::RecordSet")
        (record,) = [record for name, record in records.items() if name.startswith("ApiInternalName")]
        assert record["Properties"]["Name"] == "api-internal.k8s.example.com."
        assert "ApiInternal" in str(record["Properties"]["AliasTarget"])


def test_the_port_of_an_image_repository_is_open_for_masters() -> None:
    """As the port of a mirror is; workers may connect anywhere."""
    groups = synthesise("without-nat").resources("AWS::EC2::SecurityGroup")
    (masters,) = [group for name, group in groups.items() if name.startswith("FirewallMasters")]
    assert [rule["ToPort"] for rule in masters["Properties"]["SecurityGroupEgress"]] == [443, 5000]
