"""Firewall and load balancers."""

from kubequorum.firewall import FLOWS
from tests.synthesis import synthesise
from tests.unit.templates.common import EVERY_CLUSTER, groups


@EVERY_CLUSTER
def test_the_firewall_has_the_flows_of_the_table_and_no_more(cluster: str) -> None:
    """Each ingress rule comes from the table or from the cluster file, with its reason."""
    synthesised = synthesise(cluster)
    reasons = {flow.reason for flow in FLOWS}
    rules = synthesised.resources("AWS::EC2::SecurityGroupIngress")
    pairs = sum(len(flow.sources) * len(flow.targets) for flow in FLOWS)
    assert len(rules) == pairs
    assert {rule["Properties"]["Description"] for rule in rules.values()} == reasons
    allowed = {str(cidr) for cidr in synthesised.cluster.api.allowed_cidrs}
    for logical_id, group in synthesised.resources("AWS::EC2::SecurityGroup").items():
        inline = {rule["CidrIp"] for rule in group["Properties"].get("SecurityGroupIngress", [])}
        assert inline == (allowed if logical_id.startswith("FirewallLoadBalancer") else set())


def test_only_masters_connect_to_a_kubelet() -> None:
    """API servers do; a pod on a worker that reached it could try its credentials there."""
    sources = [flow.sources for flow in FLOWS if flow.port.to_string() == "10250"]
    assert sources == [("masters",)]


@EVERY_CLUSTER
def test_masters_connect_to_one_port_outside_the_vpc(cluster: str) -> None:
    """HTTPS for AWS APIs, programs and images; the load balancer connects to masters only."""
    groups = synthesise(cluster).resources("AWS::EC2::SecurityGroup")
    egress = {
        name: [
            (rule["CidrIp"], rule.get("FromPort"), rule.get("ToPort"))
            for logical_id, group in groups.items()
            if logical_id.startswith(f"Firewall{name}")
            for rule in group["Properties"].get("SecurityGroupEgress", [])
        ]
        for name in ("Masters", "LoadBalancer")
    }
    assert egress == {"Masters": [("0.0.0.0/0", 443, 443)], "LoadBalancer": []}


@EVERY_CLUSTER
def test_refused_traffic_is_logged(cluster: str) -> None:
    """The VPC's flow log keeps for a month what security groups reject."""
    synthesised = synthesise(cluster)
    (flow_log,) = synthesised.resources("AWS::EC2::FlowLog").values()
    (vpc,) = synthesised.resources("AWS::EC2::VPC")
    assert flow_log["Properties"]["ResourceId"] == {"Ref": vpc}
    assert flow_log["Properties"]["TrafficType"] == "REJECT"
    (log_group,) = synthesised.resources("AWS::Logs::LogGroup").values()
    assert log_group["Properties"]["RetentionInDays"] == 30


@EVERY_CLUSTER
def test_the_load_balancer_checks_readiness(cluster: str) -> None:
    """An API server gets traffic when /readyz answers 200; the client's address is not preserved."""
    for group in synthesise(cluster).resources("AWS::ElasticLoadBalancingV2::TargetGroup").values():
        properties = group["Properties"]
        assert properties["HealthCheckProtocol"] == "HTTPS"
        assert properties["HealthCheckPath"] == "/readyz"
        assert properties["Matcher"] == {"HttpCode": "200"}
        attributes = {a["Key"]: a["Value"] for a in properties["TargetGroupAttributes"]}
        assert attributes["preserve_client_ip.enabled"] == "false"


def test_a_public_api_has_an_internal_load_balancer_too() -> None:
    """Traffic of nodes to the API never leaves the VPC."""
    balancers = synthesise("ha").resources("AWS::ElasticLoadBalancingV2::LoadBalancer")
    schemes = {b["Properties"]["Name"]: b["Properties"]["Scheme"] for b in balancers.values()}
    assert schemes == {"ha-api": "internal", "ha-api-public": "internet-facing"}
    for group in groups("ha", "ControlPlane").values():
        assert len(group["Properties"]["TargetGroupARNs"]) == 2
