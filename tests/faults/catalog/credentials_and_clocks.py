"""Credentials, tokens and clocks that AWS or Kubernetes does not accept, mostly during a boot."""

import time
from contextlib import suppress
from dataclasses import replace

from emulator.faults import UnknownTargetError
from kubequorum_node.boot.steps import CHECK_IDENTITY
from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from tests.faults.registry import Scene, trial

_BOOT_BEGINS = "boot: master/"
_CLOCK_OFF_SECONDS = 45.0
"""From the begin of the boot, which waits twice as long for a clock that is right."""


@trial(expected="the machine reads new credentials and continues")
def expired_credentials(scene: Scene) -> None:
    """The session of the successor's role expires every second until a request of its boot is refused."""
    slot = scene.cluster.follower()
    old = scene.terminate(slot)
    new = scene.successor(slot, old)

    def refused() -> bool:
        # It has no session before its first request to the metadata service.
        with suppress(UnknownTargetError):
            scene.cluster.faults.expire_credentials(new)
        return "refuses this instance's credentials" in scene.cluster.console(new)

    scene.wait(refused, f"{new} logs that its credentials were refused", seconds=180)
    scene.wait_until_replaced(slot, old, seconds=600)


@trial(expected="the worker waits until a master has published another one", recovery_seconds=600)
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


@trial(expected="not regarded as dead: the machine is not replaced, and logs that its clock is off")
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


@trial(expected="the successor's boot continues once its clock is right, or that of another one does")
def clock_ten_minutes_off_at_boot(scene: Scene) -> None:
    """A successor boots with a clock that AWS refuses, and that is corrected after most of a minute."""
    slot = scene.cluster.follower()
    old = scene.terminate(slot)
    new = scene.successor(slot, old)
    off = scene.cluster.faults.clock(new, seconds=600)
    scene.wait(lambda: _BOOT_BEGINS in scene.cluster.console(new), f"{new} boots", seconds=120)
    time.sleep(_CLOCK_OFF_SECONDS)
    passed = f"{CHECK_IDENTITY.name}: done"
    assert passed not in scene.cluster.console(new), "the boot passed the check of its clock"
    scene.cluster.faults.clear(off)
    scene.wait_until_replaced(slot, old, seconds=800)
