"""What else can go wrong around a boot: rivals, credentials, tokens, clocks."""

import time
from dataclasses import replace

from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from tests.faults.registry import Scene, fault


@fault(expected="one gets the volume; the other waits until it is gone", recovery_seconds=600)
def two_successors_at_once(scene: Scene) -> None:
    """The slot's group launches two instances for one that loses its power."""
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
    assert states() == ["InService", "Pending:Wait"], f"the second one did not wait: {states()}"
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=1, DesiredCapacity=1)


@fault(expected="the machine reads new credentials and continues")
def expired_credentials(scene: Scene) -> None:
    """The session of the successor's role expires three times in the middle of its boot."""
    slot = scene.cluster.follower()
    old = scene.terminate(slot)
    new = scene.successor(slot, old)
    for _ in range(3):
        time.sleep(3)
        scene.cluster.faults.expire_credentials(new)
    scene.wait_until_replaced(slot, old, seconds=600)


@fault(expected="the worker waits until a master has published another one", recovery_seconds=600)
def expired_join_token(scene: Scene) -> None:
    """The token that masters publish for workers has expired when a worker boots."""
    s3 = scene.cluster.client("s3")
    bucket = scene.cluster.outputs("State")["StateBucketArn"].rpartition(":")[2]
    material = JoinMaterial.from_json(s3.get_object(Bucket=bucket, Key=JOIN_KEY)["Body"].read())
    expired = replace(material, expires="2020-01-01T00:00:00Z")
    tokens = ("secret", "--field-selector", "type=bootstrap.kubernetes.io/token")
    scene.cluster.kubectl("-n", "kube-system", "delete", *tokens)
    s3.put_object(Bucket=bucket, Key=JOIN_KEY, Body=expired.to_json().encode())
    autoscaling = scene.cluster.client("autoscaling")
    group = scene.cluster.outputs("Workers")["GroupNamegeneral"]

    def workers() -> list[str]:
        answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        return [str(i["LifecycleState"]) for i in answer["AutoScalingGroups"][0]["Instances"]]

    count = len(workers())
    autoscaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=count + 1)
    time.sleep(30)
    assert "Pending:Wait" in workers(), f"it joined with an expired token: {workers()}"
    scene.cluster.sh(scene.cluster.master("a"), "systemctl start kubequorum-credentials.service")
    scene.wait(lambda: workers() == ["InService"] * (count + 1), "one more worker", seconds=300)
    autoscaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=count)
    scene.wait(lambda: workers() == ["InService"] * count, "as many workers as before", seconds=400)


@fault(expected="not regarded as dead: the machine is not replaced, and logs that its clock is off")
def clock_ten_minutes_off(scene: Scene) -> None:
    """AWS finds a follower's clock ten minutes slow and refuses its signatures."""
    slot = scene.cluster.follower()
    master = scene.cluster.master(slot)
    off = scene.cluster.faults.clock(master, seconds=600)
    logged = "watchdog: clock skew"
    # The watchdog checks the clock once a minute, and logs nothing for another one.
    took = scene.wait(lambda: logged in scene.cluster.console(master), logged, seconds=180)
    scene.note(f"logged after {took:.0f} s")
    time.sleep(30)
    assert scene.cluster.master(slot) == master, "the machine was replaced, which corrects no clock"
    scene.cluster.faults.clear(off)


@fault(expected="the successor's boot continues once its clock is right, or that of another one does")
def clock_ten_minutes_off_at_boot(scene: Scene) -> None:
    """A successor boots with a clock that AWS refuses, which is corrected after a minute."""
    slot = scene.cluster.follower()
    old = scene.terminate(slot)
    off = scene.cluster.faults.clock(scene.successor(slot, old), seconds=600)
    time.sleep(60)
    scene.cluster.faults.clear(off)
    scene.wait_until_replaced(slot, old, seconds=800)
