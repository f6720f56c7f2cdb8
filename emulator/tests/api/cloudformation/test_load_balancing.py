"""Network load balancers in stacks."""

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Emulator, Stack


def test_balancer_is_a_network_load_balancer(emulator: Emulator, stack: Stack, template: Template) -> None:
    """ARN, DNS name, hosted zone, zones, groups and attributes are those of a network load balancer."""
    stack.create(template("balancer"))
    assert stack.status == "CREATE_COMPLETE", stack.events()
    outputs, elbv2 = stack.outputs, emulator.client("elbv2")
    arn = outputs["BalancerArn"]
    balancer = elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    assert ":loadbalancer/net/" in arn
    assert outputs["FullName"] == arn.partition(":loadbalancer/")[2]
    assert balancer["DNSName"] == outputs["DnsName"]
    assert balancer["DNSName"].endswith(".elb.us-east-1.amazonaws.com")
    assert (balancer["Type"], balancer["Scheme"]) == ("network", "internal")
    assert {zone["ZoneName"] for zone in balancer["AvailabilityZones"]} == {"us-east-1a", "us-east-1b"}
    assert len(balancer["SecurityGroups"]) == 1
    attributes = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    values = {item["Key"]: item["Value"] for item in attributes}
    assert values["load_balancing.cross_zone.enabled"] == "true"
    assert values["deletion_protection.enabled"] == "false"


def test_target_group_and_listener(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Health check and client-IP preservation are as declared; the listener forwards to the group."""
    stack.create(template("balancer"))
    outputs, elbv2 = stack.outputs, emulator.client("elbv2")
    group = elbv2.describe_target_groups(TargetGroupArns=[outputs["TargetsArn"]])["TargetGroups"][0]
    expected = {
        "Protocol": "TCP",
        "Port": 6443,
        "HealthCheckProtocol": "HTTPS",
        "HealthCheckPath": "/readyz",
        "HealthCheckPort": "6443",
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
        "LoadBalancerArns": [outputs["BalancerArn"]],
    }
    assert {key: group[key] for key in expected} == expected
    attributes = elbv2.describe_target_group_attributes(TargetGroupArn=outputs["TargetsArn"])["Attributes"]
    assert {"Key": "preserve_client_ip.enabled", "Value": "false"} in attributes
    listener = elbv2.describe_listeners(ListenerArns=[outputs["ListenerArn"]])["Listeners"][0]
    assert (listener["Port"], listener["Protocol"]) == (6443, "TCP")
    assert listener["DefaultActions"][0]["TargetGroupArn"] == outputs["TargetsArn"]


def test_health_check_changes_in_place(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Another interval keeps the target group."""
    stack.create(template("balancer"))
    arn = stack.outputs["TargetsArn"]
    stack.update(template("balancer"), Interval="30")
    assert stack.status == "UPDATE_COMPLETE", stack.events()
    assert stack.outputs["TargetsArn"] == arn
    group = emulator.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    assert group["HealthCheckIntervalSeconds"] == 30


def test_alias_points_at_the_balancer(emulator: Emulator, stack: Stack, template: Template) -> None:
    """The alias record has the balancer's DNS name and the hosted zone of its region and type."""
    stack.create(template("balancer"))
    records = emulator.client("route53").list_resource_record_sets(HostedZoneId=stack.outputs["ZoneId"])
    alias = next(r for r in records["ResourceRecordSets"] if r["Name"] == "api.balanced.internal.")
    assert alias["AliasTarget"]["HostedZoneId"] == "Z26RNL4JYFTOTI"
    assert alias["AliasTarget"]["DNSName"].rstrip(".") == stack.outputs["DnsName"]


def test_deleted_stack_leaves_no_balancer(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Balancer, target group and listener go with their stack."""
    stack.create(template("balancer"))
    outputs, elbv2 = stack.outputs, emulator.client("elbv2")
    stack.delete()
    with pytest.raises(ClientError, match="LoadBalancerNotFound"):
        elbv2.describe_load_balancers(LoadBalancerArns=[outputs["BalancerArn"]])
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        elbv2.describe_target_groups(TargetGroupArns=[outputs["TargetsArn"]])


def test_two_subnets_of_one_zone_are_refused(stack: Stack, template: Template) -> None:
    """A balancer has one subnet a zone; the refusal is in the stack's event."""
    stack.create(template("balancer").replace("AvailabilityZone: us-east-1b", "AvailabilityZone: us-east-1a"))
    failures = [reason for status, reason in stack.events("Balancer") if status == "CREATE_FAILED"]
    assert "multiple subnets in the same Availability Zone" in failures[0]
