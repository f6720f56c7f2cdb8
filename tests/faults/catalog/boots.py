"""What can go wrong around a successor's boot: AWS's API, metadata, hooks, clocks, credentials."""

import time
from dataclasses import replace

from emulator.faults import ApiRule
from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from tests.faults.registry import Scene, fault

_SERVICES = ("s3", "ec2", "route53", "autoscaling", "cloudformation", "ssm")
_UNUSED = "ssm"
"""The node program keeps nothing there."""
_HEALS = "the successor tries again until AWS answers"


def _replaced_under(scene: Scene, *rules: ApiRule) -> None:
    """Replace a master while AWS's API answers by rules; says how often they had their effect."""
    faults = scene.cluster.faults
    ids = [faults.api(rule) for rule in rules]
    slot = scene.cluster.follower()
    old = scene.end(slot)
    took = scene.wait_for_service(slot, old, seconds=800)
    used = sum(switch.used for switch in faults.active() if switch.fault_id in ids)
    scene.note(f"in service after {took:.0f} s and {used} spoilt requests")
    for fault_id in ids:
        faults.clear(fault_id)
    unused = all(rule.service == _UNUSED for rule in rules)
    assert (used == 0) == unused, f"{used} requests were spoilt"


@fault(expected=_HEALS, names=_SERVICES)
def api_errors(scene: Scene, service: str) -> None:
    """Half of the requests to a service fail with InternalError."""
    _replaced_under(
        scene, ApiRule(service=service, error="InternalError", status=500, probability=0.5, seed=7)
    )


@fault(expected=_HEALS, names=("s3", "ec2", "route53", "autoscaling"))
def api_throttled(scene: Scene, service: str) -> None:
    """Two of three requests to a service are refused as too many."""
    _replaced_under(scene, ApiRule(service=service, throttled=True, probability=0.67, seed=7))


@fault(expected=_HEALS, in_ci=True)
def api_errors_everywhere(scene: Scene) -> None:
    """A third of all requests, whichever the service: errors, throttling and lost connections in turn."""
    _replaced_under(
        scene,
        ApiRule(error="InternalError", status=500, probability=0.12, seed=1),
        ApiRule(throttled=True, probability=0.12, seed=2),
        ApiRule(lost="response", probability=0.12, seed=3),
    )


@fault(expected="slower, and nothing else")
def api_slow(scene: Scene) -> None:
    """Every request takes two seconds longer."""
    _replaced_under(scene, ApiRule(latency_seconds=2.0))


@fault(expected="slower, and nothing else")
def imds_slow(scene: Scene) -> None:
    """The metadata service of every machine answers after three seconds, and now and then with 503."""
    faults = scene.cluster.faults
    # A request meets the first switch that fits it.
    refusals = faults.imds(delay_seconds=3.0, status=503, times=3)
    faults.imds(delay_seconds=3.0)
    slot = scene.cluster.follower()
    old = scene.end(slot)
    took = scene.wait_for_service(slot, old, seconds=800)
    scene.note(f"in service after {took:.0f} s")
    assert refusals not in {switch.fault_id for switch in faults.active()}, "nobody was refused"


@fault(expected="nobody waits for it: machines ask their metadata service")
def lifecycle_events_lost(scene: Scene) -> None:
    """EventBridge loses the events of an end and of a launch."""
    scene.cluster.faults.lose_event(times=2)
    slot = scene.cluster.follower()
    scene.wait_for_service(slot, scene.end(slot))
    scene.cluster.faults.clear_all()


@fault(expected="the predecessor or its successor completes it again")
def completion_of_the_end_lost(scene: Scene) -> None:
    """AWS says yes to the predecessor's CompleteLifecycleAction, and does nothing."""
    slot = scene.cluster.follower()
    scene.cluster.faults.lose_completion(instance_id=scene.cluster.master(slot))
    took = scene.wait_for_service(slot, scene.end(slot), seconds=600)
    scene.note(f"in service after {took:.0f} s")


@fault(expected="the successor completes it again")
def completion_of_the_launch_lost(scene: Scene) -> None:
    """AWS says yes to the successor's CompleteLifecycleAction, and does nothing."""
    slot = scene.cluster.follower()
    old = scene.end(slot)
    scene.cluster.faults.lose_completion(instance_id=scene.successor(slot, old))
    took = scene.wait_for_service(slot, old, seconds=600)
    scene.note(f"in service after {took:.0f} s")


@fault(expected="one gets the volume; the other waits until it is gone", well_within_seconds=600)
def two_successors_at_once(scene: Scene) -> None:
    """The slot's group is made to launch two instances for one that dies."""
    autoscaling = scene.cluster.client("autoscaling")
    slot = scene.cluster.follower()
    group = scene.cluster.groups[slot]
    old = scene.cluster.master(slot)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=2, DesiredCapacity=2)
    scene.cluster.faults.power_loss(old)

    def states() -> list[str]:
        members = [m for m in scene.cluster.members(slot) if m["InstanceId"] != old]
        return sorted(str(m["LifecycleState"]) for m in members)

    scene.wait(lambda: states() == ["InService", "Pending:Wait"], "one of two is in service", seconds=420)
    time.sleep(20)
    assert states() == ["InService", "Pending:Wait"], f"the other one did not wait: {states()}"
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=1, DesiredCapacity=1)


@fault(expected="the machine takes new ones and goes on")
def expired_credentials(scene: Scene) -> None:
    """The session of the successor's role ends in the middle of its boot."""
    slot = scene.cluster.follower()
    old = scene.end(slot)
    new = scene.successor(slot, old)
    for _ in range(3):
        time.sleep(3)
        scene.cluster.faults.expire_credentials(new)
    scene.wait_for_service(slot, old, seconds=600)


@fault(expected="the worker waits until a master has published another one", well_within_seconds=600)
def expired_join_token(scene: Scene) -> None:
    """The token that masters published for workers is over when a worker boots."""
    s3 = scene.cluster.client("s3")
    bucket = scene.cluster.outputs("State")["StateBucketArn"].rpartition(":")[2]
    material = JoinMaterial.from_json(s3.get_object(Bucket=bucket, Key=JOIN_KEY)["Body"].read())
    over = replace(material, expires="2020-01-01T00:00:00Z")
    scene.cluster.kubectl(
        "-n", "kube-system", "delete", "secret", "--field-selector", "type=bootstrap.kubernetes.io/token"
    )
    s3.put_object(Bucket=bucket, Key=JOIN_KEY, Body=over.to_json().encode())
    autoscaling = scene.cluster.client("autoscaling")
    group = scene.cluster.outputs("Workers")["GroupNamegeneral"]

    def workers() -> list[str]:
        answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        return [str(i["LifecycleState"]) for i in answer["AutoScalingGroups"][0]["Instances"]]

    count = len(workers())
    autoscaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=count + 1)
    time.sleep(30)
    assert "Pending:Wait" in workers(), f"it joined with a token that is over: {workers()}"
    scene.cluster.sh(scene.cluster.master("a"), "systemctl start kubequorum-credentials.service")
    scene.wait(lambda: workers() == ["InService"] * (count + 1), "one more worker", seconds=300)
    autoscaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=count)
    scene.wait(lambda: workers() == ["InService"] * count, "as many workers as before", seconds=400)


@fault(expected="told apart from dead: the machine is not replaced, and says that its clock is off")
def clock_ten_minutes_off(scene: Scene) -> None:
    """AWS finds a follower's clock ten minutes behind and refuses what it signs."""
    slot = scene.cluster.follower()
    master = scene.cluster.master(slot)
    switch = scene.cluster.faults.clock(master, seconds=600)
    said = "watchdog: this master is clock off"
    # It looks at the clock once a minute, and says nothing for another one.
    took = scene.wait(lambda: said in scene.cluster.console(master), said, seconds=180)
    scene.note(f"said after {took:.0f} s")
    time.sleep(30)
    assert scene.cluster.master(slot) == master, "the machine was replaced, which sets no clock"
    scene.cluster.faults.clear(switch)


@fault(expected="the successor's boot goes on once its clock is right, or another one does")
def clock_ten_minutes_off_at_boot(scene: Scene) -> None:
    """A successor boots with a clock that AWS refuses, and is put right after a minute."""
    slot = scene.cluster.follower()
    old = scene.end(slot)
    switch = scene.cluster.faults.clock(scene.successor(slot, old), seconds=600)
    time.sleep(60)
    scene.cluster.faults.clear(switch)
    scene.wait_for_service(slot, old, seconds=800)
