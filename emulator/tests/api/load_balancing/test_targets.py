"""Targets of load balancers: registered, checked, drained; none is healthy unchecked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from ministack.core.responses import request_scope

from emulator.api.ec2 import store as ec2_store
from emulator.api.load_balancing import store
from emulator.api.load_balancing.health import Health, Key
from emulator.api.load_balancing.targets import Targets
from emulator.api.wire import ApiError
from emulator.api.worker import Worker
from emulator.interfaces.target_probe import TargetProber
from emulator.tests.api.recording import RecordingMachines, until
from emulator.times import QUICK, Times

ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/api/1"


@dataclass
class Balancer:
    """A target group behind a load balancer, and one instance that runs."""

    health: Health
    targets: Targets
    machines: RecordingMachines
    group: dict[str, Any]

    def state(self, target_id: str = "i-1") -> tuple[str, str | None]:
        """State and reason of a target's health."""
        answer = self.targets.describe_target_health({"TargetGroupArn": ARN, "Targets": [{"Id": target_id}]})
        assert answer is not None
        health = answer["TargetHealthDescriptions"][0]["TargetHealth"]
        return health["State"], health.get("Reason")


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Time runs a hundred times faster."""
    worker = Worker(time_scale=0.01)
    yield worker
    worker.close()


@pytest.fixture
def account() -> Iterator[None]:
    """An account of its own, since ministack's tables are by account."""
    with request_scope(str(uuid4().int)[:12], "us-east-1"):
        yield


def balancer(worker: Worker, *, probing: bool, times: Times = QUICK) -> Balancer:
    """Build one; without probing the targets are not checked."""
    group = store.GROUPS.get()[ARN] = {
        "TargetGroupArn": ARN,
        "Port": 6443,
        "LoadBalancerArns": ["arn:lb"],
        "HealthCheckProtocol": "HTTPS",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": "/readyz",
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 4,
        "HealthyThresholdCount": 3,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
    }
    store.GROUP_ATTRIBUTES.get()[ARN] = [{"Key": "deregistration_delay.timeout_seconds", "Value": "20"}]
    ec2_store.instances()["i-1"] = {"State": {"Name": "running"}, "PrivateIpAddress": "10.0.1.4"}
    machines = RecordingMachines()
    health = Health(worker=worker, prober=machines if probing else None, times=lambda: times)
    return Balancer(health, Targets(health), machines, group)


@pytest.mark.usefixtures("account")
def test_without_a_prober_a_target_stays_initial(worker: Worker) -> None:
    """No target becomes healthy unchecked."""
    world = balancer(worker, probing=False)
    world.targets.register([ARN], "i-1")
    worker.sleep(60)
    assert world.state() == ("initial", "Elb.InitialHealthChecking")


@pytest.mark.usefixtures("account")
def test_checks_are_made_as_configured_and_decide(worker: Worker) -> None:
    """The first success makes a new target healthy; failures and successes in a row change it after that."""
    world = balancer(worker, probing=True)
    reported: list[tuple[str, bool]] = []
    world.health.subscribe(lambda instance_id, healthy: reported.append((instance_id, healthy)))
    world.targets.register([ARN], "i-1")
    until(lambda: world.state() == ("healthy", None))
    check = world.machines.checks[0]
    assert (check.address, check.port, check.protocol, check.path) == ("10.0.1.4", 6443, "HTTPS", "/readyz")
    assert (check.success_codes, check.timeout_seconds) == ("200", 4)
    world.machines.healthy = False
    before = len(world.machines.checks)
    until(lambda: world.state() == ("unhealthy", "Target.Timeout"))
    assert len(world.machines.checks) - before >= world.group["UnhealthyThresholdCount"]
    world.machines.healthy = True
    before = len(world.machines.checks)
    until(lambda: world.state() == ("healthy", None))
    assert len(world.machines.checks) - before >= world.group["HealthyThresholdCount"]
    assert reported == [("i-1", True), ("i-1", False), ("i-1", True)]


@pytest.mark.usefixtures("account")
def test_a_deregistered_target_drains_and_is_no_longer_checked(worker: Worker) -> None:
    """`draining` for as long as the group says, then not registered; registering again starts over."""
    world = balancer(worker, probing=True)
    world.targets.register([ARN], "i-1")
    until(lambda: world.state()[0] == "healthy")
    world.targets.deregister([ARN], "i-1")
    assert world.state() == ("draining", "Target.DeregistrationInProgress")
    worker.sleep(8)
    checked = len(world.machines.checks)
    worker.sleep(8)
    assert len(world.machines.checks) == checked
    until(lambda: world.state() == ("unused", "Target.NotRegistered"))
    world.targets.register([ARN], "i-1")
    until(lambda: world.state()[0] == "healthy")


@pytest.mark.usefixtures("account")
def test_unused_targets_say_why(worker: Worker) -> None:
    """An instance that does not run, a group that no load balancer uses, a target that is not registered."""
    world = balancer(worker, probing=False)
    world.targets.register([ARN], "i-1")
    ec2_store.instances()["i-1"]["State"] = {"Name": "stopped"}
    assert world.state() == ("unused", "Target.InvalidState")
    world.group["LoadBalancerArns"] = []
    assert world.state() == ("unused", "Target.NotInUse")
    assert world.state("i-2") == ("unused", "Target.NotRegistered")


@pytest.mark.usefixtures("account")
def test_targets_are_by_id_and_port(worker: Worker) -> None:
    """The same instance at two ports is two targets; without a port deregistering takes both."""
    world = balancer(worker, probing=False)
    targets = [{"Id": "i-1"}, {"Id": "i-1", "Port": 7000}, {"Id": "i-1"}]
    world.targets.register_targets({"TargetGroupArn": ARN, "Targets": targets})
    assert store.targets(ARN) == [{"Id": "i-1", "Port": 6443}, {"Id": "i-1", "Port": 7000}]
    world.targets.deregister_targets({"TargetGroupArn": ARN, "Targets": [{"Id": "i-1", "Port": 7000}]})
    assert store.targets(ARN) == [{"Id": "i-1", "Port": 6443}]
    world.targets.deregister_targets({"TargetGroupArn": ARN, "Targets": [{"Id": "i-1"}]})
    assert store.targets(ARN) == []


@pytest.mark.usefixtures("account")
def test_groups_that_are_gone_are_no_error_for_auto_scaling(worker: Worker) -> None:
    """A group of instances may outlive its target group; a client that names one gets an error."""
    world = balancer(worker, probing=False)
    world.targets.register(["arn:gone"], "i-1")
    world.targets.deregister(["arn:gone"], "i-1")
    with pytest.raises(ApiError, match="not found"):
        world.targets.register_targets({"TargetGroupArn": "arn:gone", "Targets": [{"Id": "i-1"}]})


@pytest.mark.usefixtures("account")
def test_a_new_target_is_registered_for_minutes_and_needs_its_threshold(worker: Worker) -> None:
    """Until then it is `initial`, is not checked, and gets no connection."""
    slow = Times(target_registration=100.0, new_target_needs_threshold=True)
    world = balancer(worker, probing=True, times=slow)
    world.targets.register([ARN], "i-1")
    worker.sleep(50)
    assert world.state() == ("initial", "Elb.RegistrationInProgress")
    assert world.machines.checks == []
    until(lambda: world.state() == ("healthy", None))
    assert len(world.machines.checks) >= world.group["HealthyThresholdCount"]


@pytest.mark.usefixtures("account")
def test_a_deregistered_target_goes_on_getting_connections(worker: Worker) -> None:
    """The API says `draining` at once; the balancer's nodes learn of it later, and only then stop."""
    world = balancer(worker, probing=True, times=Times(deregistered_target=60.0))
    world.targets.register([ARN], "i-1")
    until(lambda: world.state()[0] == "healthy")
    assert world.targets.deregister([ARN], "i-1") == 60.0
    key = Key(ARN, "i-1", 6443)
    assert (world.state()[0], world.health.routed_state(key)) == ("draining", "healthy")
    worker.sleep(40)
    assert world.health.routed_state(key) == "healthy"
    until(lambda: world.health.routed_state(key) != "healthy")
    until(lambda: world.state() == ("unused", "Target.NotRegistered"))
    assert world.targets.deregister([ARN], "i-1") == 0.0


@pytest.mark.usefixtures("account")
def test_a_target_that_fails_goes_on_getting_connections(worker: Worker) -> None:
    """One that never was healthy never gets any."""
    world = balancer(worker, probing=True, times=Times(unhealthy_target=60.0))
    key = Key(ARN, "i-1", 6443)
    world.machines.healthy = False
    world.targets.register([ARN], "i-1")
    until(lambda: world.state()[0] == "unhealthy")
    assert world.health.routed_state(key) == "unhealthy"
    world.machines.healthy = True
    until(lambda: world.state()[0] == "healthy")
    world.machines.healthy = False
    until(lambda: world.state()[0] == "unhealthy")
    assert world.health.routed_state(key) == "healthy"
    until(lambda: world.health.routed_state(key) == "unhealthy")


def test_machines_that_can_probe_are_recognised() -> None:
    """`install` finds the prober by its method."""
    assert isinstance(RecordingMachines(), TargetProber)
    assert not isinstance(object(), TargetProber)
