"""Cluster files that no example has: what they make."""

from kubequorum.config import Cluster, load_cluster
from tests.synthesis import REPOSITORY, Synthesised, synthesise_cluster


def _variant(name: str, changes: dict[str, dict[str, object]]) -> Synthesised:
    """A cluster of this repository with some keys of its sections changed."""
    document = load_cluster(REPOSITORY / "clusters" / f"{name}.yaml").model_dump(mode="json")
    for section, values in changes.items():
        document[section].update(values)
    return synthesise_cluster(Cluster.model_validate(document))


def test_without_nat_there_is_no_way_to_the_internet() -> None:
    """No NAT gateway, no internet gateway, no public subnet; endpoints for what the machines call."""
    synthesised = _variant("local", {"network": {"nat": "none"}})
    assert not synthesised.resources("AWS::EC2::NatGateway")
    assert not synthesised.resources("AWS::EC2::InternetGateway")
    assert len(synthesised.resources("AWS::EC2::Subnet")) == 3
    services = {
        str(e["Properties"]["ServiceName"]) for e in synthesised.resources("AWS::EC2::VPCEndpoint").values()
    }
    for service in (
        "autoscaling",
        "cloudformation",
        "ec2",
        "elasticloadbalancing",
        "kms",
        "ssm",
        "sts",
        "s3",
    ):
        assert any(service in name for name in services), service


def test_a_single_nat_gateway_serves_all_zones() -> None:
    """One gateway, and a route to it from every private subnet."""
    synthesised = _variant("local", {"network": {"nat": "single"}})
    (gateway,) = synthesised.resources("AWS::EC2::NatGateway")
    routes = [
        r for r in synthesised.resources("AWS::EC2::Route").values() if "NatGatewayId" in r["Properties"]
    ]
    assert [r["Properties"]["NatGatewayId"] for r in routes] == [{"Ref": gateway}] * 3


def test_private_addresses_stay_when_nat_changes() -> None:
    """Switching NAT replaces no private subnet: the masters live there."""

    def private_subnets(nat: str) -> dict[str, str]:
        resources = _variant("local", {"network": {"nat": nat}}).resources("AWS::EC2::Subnet")
        return {k: v["Properties"]["CidrBlock"] for k, v in resources.items() if "private" in k}

    assert private_subnets("none") == private_subnets("single") == private_subnets("per-zone")


def test_an_existing_public_zone_is_used_and_not_made() -> None:
    """There the API's name leads to the public load balancer, and nodes have a name of their own."""
    synthesised = _variant(
        "ha", {"dns": {"zone_name": "k8s.example.com", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}}
    )
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
    """Only the VPC asks a private zone: there even a public API's name leads to the internal balancer."""
    synthesised = _variant("ha", {})
    (record,) = synthesised.resources("AWS::Route53::RecordSet").values()
    assert record["Properties"]["Name"] == "api.ha.kubequorum.internal."
    assert "ApiInternal" in str(record["Properties"]["AliasTarget"])


def test_a_mirror_on_s3_may_be_read_by_every_machine() -> None:
    """Its prefix and no more; a mirror on the web needs no permission, but a way through the firewall."""
    on_s3 = _variant("local", {"artifacts": {"mirror": "s3://my-mirror/kubernetes"}})
    policies = on_s3.resources("AWS::IAM::Policy").values()
    found = [
        statement["Resource"]
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "ReadMirror"
    ]
    assert len(found) == 4
    assert all(str(resource).count(":s3:::my-mirror/kubernetes/*") == 1 for resource in found)

    on_the_web = _variant("local", {"artifacts": {"mirror": "http://mirror.example.com:8080"}})
    assert "ReadMirror" not in str(on_the_web.resources("AWS::IAM::Policy"))
    (masters,) = [
        group
        for logical_id, group in on_the_web.resources("AWS::EC2::SecurityGroup").items()
        if logical_id.startswith("FirewallMasters")
    ]
    assert 8080 in [rule.get("ToPort") for rule in masters["Properties"]["SecurityGroupEgress"]]


def test_a_cluster_without_workers() -> None:
    """No worker group is a valid choice; then there is no Workers stack, for an empty one cannot be."""
    synthesised = _variant("local", {})
    document = synthesised.cluster.model_dump(mode="json")
    document["worker_groups"] = []
    templates = synthesise_cluster(Cluster.model_validate(document)).templates
    assert set(templates) == {"Network", "State", "ControlPlane"}
