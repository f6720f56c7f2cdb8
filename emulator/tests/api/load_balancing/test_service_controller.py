"""Load balancers as a controller makes them for its services, with a role that binds it to its tag."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import Emulator
from emulator.tests.api.iam.policies import denied
from emulator.tests.api.load_balancing.site import TAG, TAGS, Site, to


@pytest.fixture
def site(emulator: Emulator) -> Iterator[Site]:
    """A site of its own."""
    made = Site(emulator)
    yield made
    made.admin.terminate_instances(InstanceIds=[made.instance_id])


def _refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_from_creation_to_deletion(site: Site) -> None:
    """A target group is in use while a listener forwards to it; listeners end with their balancer."""
    with _refused("LoadBalancerNotFound"):
        site.elb.describe_load_balancers(Names=[site.name])
    arn, group = site.balancer()["LoadBalancerArn"], site.group(31080)
    assert site.state(group) == "unused"
    site.listener(arn, group)
    assert (site.balancers_of(group), site.state(group)) == ([arn], "initial")
    found = site.elb.describe_load_balancers(Names=[site.name])["LoadBalancers"][0]
    assert {zone["SubnetId"] for zone in found["AvailabilityZones"]} == set(site.subnet_ids)
    tags = site.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    assert tags == TAGS

    with _refused("ResourceInUse"):
        site.elb.delete_target_group(TargetGroupArn=group)
    site.elb.delete_load_balancer(LoadBalancerArn=arn)
    assert not [
        one for one in site.admin_elb.describe_listeners()["Listeners"] if one["LoadBalancerArn"] == arn
    ]
    assert site.balancers_of(group) == []
    site.elb.delete_target_group(TargetGroupArn=group)
    # As administrator: nobody's tags allow it any more.
    site.admin_elb.delete_load_balancer(LoadBalancerArn=arn)


def test_another_node_port_is_another_target_group(site: Site) -> None:
    """A modified listener uses the new one at once, and the old one can be deleted."""
    arn, old = site.balancer()["LoadBalancerArn"], site.group(31080)
    listener, new = site.listener(arn, old), site.group(31081)
    changed = site.elb.modify_listener(ListenerArn=listener, Port=80, Protocol="TCP", DefaultActions=to(new))
    assert changed["Listeners"][0]["DefaultActions"][0]["TargetGroupArn"] == new
    assert (site.balancers_of(new), site.balancers_of(old)) == ([arn], [])
    site.elb.delete_target_group(TargetGroupArn=old)
    site.elb.modify_target_group(TargetGroupArn=new, HealthCheckPort="10257", HealthyThresholdCount=3)
    group = site.elb.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"][0]
    assert (group["HealthCheckPort"], group["HealthyThresholdCount"]) == ("10257", 3)
    site.elb.delete_listener(ListenerArn=listener)
    assert site.balancers_of(new) == []
    with _refused("ListenerNotFound"):
        site.admin_elb.delete_listener(ListenerArn=listener)


def test_a_controller_may_ask_again(site: Site) -> None:
    """For the same thing it gets what is there; for another one of the same name, or port, it does not."""
    arn, group = site.balancer()["LoadBalancerArn"], site.group(31080)
    listener = site.listener(arn, group)
    assert (site.balancer()["LoadBalancerArn"], site.group(31080)) == (arn, group)
    assert site.listener(arn, group) == listener
    with _refused("DuplicateLoadBalancerName"):
        site.balancer(Scheme="internal")
    with _refused("DuplicateTargetGroupName"):
        site.group(31080, HealthCheckPort="1")
    with _refused("DuplicateListener"):
        site.listener(arn, site.group(31081))
    other = site.listener(arn, group, port=81)
    with _refused("DuplicateListener"):
        site.elb.modify_listener(ListenerArn=other, Port=80)


def test_a_protected_balancer_stays(site: Site) -> None:
    """Until the protection is taken from it."""
    arn = site.balancer()["LoadBalancerArn"]

    def protect(value: str) -> None:
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        site.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)

    protect("true")
    with _refused("OperationNotPermitted"):
        site.elb.delete_load_balancer(LoadBalancerArn=arn)
    protect("false")
    site.elb.delete_load_balancer(LoadBalancerArn=arn)
    with _refused("LoadBalancerNotFound"):
        site.elb.describe_load_balancers(Names=[site.name])


def test_an_instance_that_does_not_run_is_no_target(site: Site) -> None:
    """The whole request is refused."""
    group = site.group(31080)
    targets = [{"Id": site.instance_id, "Port": 31082}, {"Id": "i-0fedcba9876543210"}]
    with _refused("InvalidTarget"):
        site.elb.register_targets(TargetGroupArn=group, Targets=targets)
    assert len(site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]) == 1


def test_others_are_out_of_reach(site: Site) -> None:
    """What lacks the controller's tag it neither makes nor changes, and it tags nothing that exists."""
    for refused in (
        lambda: site.balancer(Tags=TAGS[1:]),
        lambda: site.balancer(Type="application"),
        lambda: site.group(31080, Tags=TAGS[1:]),
    ):
        with denied("elasticloadbalancing:Create"):
            refused()
    created = site.admin_elb.create_target_group(
        Name=f"web-{uuid4().hex[:8]}", Port=80, Protocol="TCP", VpcId=site.vpc_id
    )
    foreign = created["TargetGroups"][0]["TargetGroupArn"]
    for operation, more in (
        ("register_targets", {"Targets": [{"Id": site.instance_id}]}),
        ("modify_target_group", {"HealthCheckPort": "1"}),
        ("delete_target_group", {}),
    ):
        with denied("elasticloadbalancing:"):
            getattr(site.elb, operation)(TargetGroupArn=foreign, **more)
    with denied("elasticloadbalancing:AddTags"):
        site.elb.add_tags(ResourceArns=[foreign], Tags=TAGS)


def test_it_opens_the_nodes_own_security_group_only(site: Site) -> None:
    """Rules with a description come and go; another group stays closed to it."""
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 31080,
        "ToPort": 31080,
        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "client=web"}],
    }
    nodes = site.group_ids["nodes"]
    site.ec2.authorize_security_group_ingress(GroupId=nodes, IpPermissions=[rule])
    found = site.ec2.describe_security_groups(GroupIds=[nodes])["SecurityGroups"][0]
    assert found["IpPermissions"][0]["IpRanges"] == rule["IpRanges"]
    assert {"Key": TAG, "Value": "owned"} in found["Tags"]
    site.ec2.revoke_security_group_ingress(GroupId=nodes, IpPermissions=found["IpPermissions"])
    assert site.ec2.describe_security_groups(GroupIds=[nodes])["SecurityGroups"][0]["IpPermissions"] == []
    with denied("ec2:AuthorizeSecurityGroupIngress"):
        site.ec2.authorize_security_group_ingress(GroupId=site.group_ids["others"], IpPermissions=[rule])
