"""The fault `aws_times`: what begins while it is active takes as long as on AWS."""

from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator import times
from emulator.api.ec2 import machine_reports
from emulator.api.worker import Worker
from emulator.faults import FaultClient, FaultError, aws_times
from emulator.faults.aws_times import TimesInEffect
from emulator.faults.store import ActiveFaults
from emulator.tests.api.autoscaling.fakes import World, terminate_hook
from emulator.tests.api.emulator import Emulator, wait_until
from emulator.tests.faults.node import Node
from emulator.times import QUICK

FOREVER = 1000.0
"""A factor: with the tests' time scale, what takes half a minute on AWS takes ten."""


def test_the_newest_counts_until_it_is_cleared() -> None:
    """Then the one before it, and in the end those of the start."""
    active = ActiveFaults()
    in_effect = TimesInEffect(active_faults=active, at_start=QUICK)
    assert in_effect() == QUICK
    aws_times.add(active, factor=1.0)
    tenth = aws_times.add(active, factor=0.1)
    assert in_effect() == times.profile("aws", factor=0.1)
    active.clear(tenth)
    assert in_effect() == times.profile("aws")
    active.clear_all()
    assert in_effect() == QUICK


def test_a_running_emulator_switches(faults: FaultClient, emulator: Emulator, node: Node) -> None:
    """Profiles, records, targets and addresses; there and back, without a restart."""
    fault = faults.aws_times(factor=FOREVER)
    late = _Seen(emulator, node)
    assert late.profile == "InvalidParameterValue"
    assert late.change == ["PENDING"] * 3
    assert late.target() == "Elb.RegistrationInProgress"
    assert late.addresses_come_back
    faults.clear(fault)
    quick = _Seen(emulator, node)
    assert quick.profile == ""
    assert quick.change == ["PENDING", "INSYNC", "INSYNC"]
    wait_until(lambda: quick.target() == "Elb.InitialHealthChecking", what="the end of the registration")
    assert late.target() == "Elb.RegistrationInProgress", "it keeps the time that it had"
    assert not quick.addresses_come_back


def test_a_factor_above_zero_is_needed(faults: FaultClient) -> None:
    """It is refused with the name of the argument."""
    with pytest.raises(FaultError, match="factor"):
        faults.aws_times(factor=0)


class _Seen:
    """How one emulator treats what is made now."""

    def __init__(self, emulator: Emulator, node: Node) -> None:
        self._ec2, name = emulator.client("ec2"), f"n{uuid4().hex[:10]}"
        emulator.client("iam").create_instance_profile(InstanceProfileName=name)
        self.profile = ""
        try:
            self._address({"Name": name})
        except ClientError as error:
            self.profile = error.response["Error"]["Code"]
        self.addresses_come_back = self._address() == self._address()
        route53 = emulator.client("route53")
        zone = route53.create_hosted_zone(Name=f"{name}.example", CallerReference=name)["HostedZone"]["Id"]
        record = {
            "Name": f"a.{name}.example",
            "Type": "A",
            "TTL": 5,
            "ResourceRecords": [{"Value": "10.0.0.1"}],
        }
        change = route53.change_resource_record_sets(
            HostedZoneId=zone,
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
        )["ChangeInfo"]["Id"]
        self.change = [route53.get_change(Id=change)["ChangeInfo"]["Status"] for _ in range(3)]
        elb = emulator.client("elbv2")
        (vpc,) = {each["VpcId"] for each in self._ec2.describe_vpcs()["Vpcs"] if each["IsDefault"]}
        group = elb.create_target_group(Name=name, Protocol="TCP", Port=80, VpcId=vpc)["TargetGroups"][0]
        (subnet, *_) = self._ec2.describe_subnets()["Subnets"]
        balancer = elb.create_load_balancer(Name=name, Type="network", Subnets=[subnet["SubnetId"]])
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="TCP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )
        self._elb, self._group = elb, group["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=self._group, Targets=[{"Id": node.instance_id}])

    def target(self) -> str:
        """Why its target is not healthy."""
        found = self._elb.describe_target_health(TargetGroupArn=self._group)["TargetHealthDescriptions"]
        return str(found[0]["TargetHealth"]["Reason"])

    def _address(self, profile: dict[str, str] | None = None) -> str:
        """Launch an instance and end it; the address that it had."""
        subnet = self._ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        more = {"IamInstanceProfile": profile} if profile else {}
        instance = self._ec2.run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            **more,
        )["Instances"][0]
        self._ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
        self._ec2.get_waiter("instance_terminated").wait(
            InstanceIds=[instance["InstanceId"]], WaiterConfig={"Delay": 1}
        )
        return str(instance["PrivateIpAddress"])


def test_groups_switch() -> None:
    """When they act on an instance that ended, and whether a termination waits for draining."""
    active = ActiveFaults()
    world = World(TimesInEffect(active_faults=active, at_start=QUICK))
    world.create(terminate_hook(), target_group_arns=("tg",))
    world.run("i-1")
    aws_times.add(active, factor=1.0)
    world.engine.terminate("i-1", why="a user request")
    assert world.states()["i-1"] == "Terminating"
    world.run("i-2")
    world.end("i-2")
    assert world.states()["i-2"] == "InService"
    active.clear_all()
    world.clock.advance(600)
    world.run("i-3")
    world.end("i-3")
    assert world.states()["i-3"] == "Terminating:Wait"


def test_status_checks_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that dies is found at once again."""
    found: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        machine_reports, "status_check", lambda instance_id, *, passed: found.append((instance_id, passed))
    )
    active, worker = ActiveFaults(), Worker()
    in_effect = TimesInEffect(active_faults=active, at_start=QUICK)
    checks = machine_reports.StatusChecks(worker=worker, seconds=lambda: in_effect().status_check)
    try:
        aws_times.add(active, factor=1.0)
        checks.report("i-1", False)
        assert found == []
        active.clear_all()
        checks.report("i-2", False)
        assert found == [("i-2", False)]
    finally:
        worker.close()
