"""Volumes that come late, exist twice, or come back changed."""

import time

from kubequorum_cli.validate import kinds
from tests.faults.registry import Scene, trial

_DATA = "/var/lib/etcd"
"""Where the slot's volume is mounted on a master."""
_STUCK_SECONDS = 60.0
_FULL_SECONDS = 80.0
"""Longer than the watchdog waits until it logs something."""
_NEW = "its member is removed and joins as a new learner; the data come from the others"


@trial(expected="the successor waits for it, and takes it")
def volume_stuck_detaching(scene: Scene) -> None:
    """AWS takes a minute to detach the volume of a machine that is terminated."""
    slot = scene.cluster.follower()
    scene.cluster.faults.hold_detach(seconds=_STUCK_SECONDS, volume_id=scene.cluster.volume(slot))
    old = scene.terminate(slot)
    took = scene.wait_until_replaced(slot, old)
    assert took >= _STUCK_SECONDS, f"the detach was not held: in service after {took:.0f} s"


@trial(expected="the slot's own volume is taken, by its id")
def second_volume_with_the_same_tags(scene: Scene) -> None:
    """Somebody has copied the volume in its zone, including its tags."""
    ec2 = scene.cluster.client("ec2")
    slot = scene.cluster.follower()
    volume = scene.cluster.volume(slot)
    (own,) = ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    tags = [tag for tag in own["Tags"] if not tag["Key"].startswith("aws:")]
    copy = ec2.create_volume(
        AvailabilityZone=own["AvailabilityZone"],
        Size=own["Size"],
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
    )["VolumeId"]
    old = scene.cluster.master(slot)
    scene.cluster.faults.power_loss(old)
    scene.wait_until_replaced(slot, old)
    assert scene.cluster.volume(slot) == volume
    ec2.delete_volume(VolumeId=copy)


@trial(expected=_NEW)
def empty_volume(scene: Scene) -> None:
    """The volume comes back blank."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    scene.replaced.add(slot)
    volume = scene.cluster.volume(slot)
    scene.cluster.faults.power_loss(old)
    scene.cluster.faults.wipe_volume(volume)
    scene.wait_until_replaced(slot, old)


@trial(expected="a new volume takes its place; its member is removed and joins as a new learner")
def lost_volume(scene: Scene) -> None:
    """The volume of a machine without power is deleted before its successor is launched."""
    ec2 = scene.cluster.client("ec2")
    slot = scene.cluster.follower()
    old, volume = scene.cluster.master(slot), scene.cluster.volume(slot)
    scene.replaced.add(slot)
    scene.cluster.faults.power_loss(old, unnoticed=True)
    ec2.detach_volume(VolumeId=volume, Force=True)

    def is_free() -> bool:
        return bool(ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available")

    scene.wait(is_free, f"{volume} is available", seconds=60)
    ec2.delete_volume(VolumeId=volume)
    scene.wait_for_finding(kinds.VOLUME_MISSING)
    # The group detects that it is terminated, and runs no hook of a machine that cannot complete it.
    ec2.terminate_instances(InstanceIds=[old])
    scene.wait_until_replaced(slot, old, seconds=600)
    assert scene.cluster.volume(slot) != volume


@trial(expected=_NEW, in_ci=True)
def corrupted_wal(scene: Scene) -> None:
    """A part of etcd's write-ahead log is random data when the volume comes back."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    scene.replaced.add(slot)
    volume = scene.cluster.volume(slot)
    scene.cluster.faults.power_loss(old)
    scene.cluster.faults.corrupt_volume(volume, "**/member/wal/*.wal", at=0.5)
    scene.wait_until_replaced(slot, old, seconds=600)


@trial(expected=f"not trusted, although it works: {_NEW}")
def different_data(scene: Scene) -> None:
    """One value has changed when the volume comes back: all files are intact, and nothing in etcd fails."""
    slot = scene.cluster.follower()
    right, wrong = (f"value-of-the-different-data-fault-{kind}" for kind in ("right", "wrong"))
    scene.cluster.etcdctl("put", "/different-data", right)
    # etcd writes to its database every 100 ms, to its log at once.
    time.sleep(1)
    old = scene.cluster.master(slot)
    scene.replaced.add(slot)
    volume = scene.cluster.volume(slot)
    scene.cluster.faults.power_loss(old)
    scene.cluster.faults.alter_volume(volume, "**/member/snap/db", old=right, new=wrong)
    scene.wait_until_replaced(slot, old)
    logged = scene.cluster.console(scene.cluster.master(slot))
    assert "its data differ from those of" in logged, "the member was replaced for another reason"


@trial(expected="not regarded as dead: not replaced, and healthy again when there is space")
def disk_full(scene: Scene) -> None:
    """Something fills a follower's volume for a while."""
    slot = scene.cluster.follower()
    volume, master = scene.cluster.volume(slot), scene.cluster.master(slot)
    scene.cluster.faults.fill_volume(volume)
    time.sleep(_FULL_SECONDS)
    used = scene.cluster.sh(master, f"df --output=pcent {_DATA} | tail -1").strip()
    scene.note(f"{used} of the volume were used")
    assert "watchdog: full" in scene.cluster.console(master), "the watchdog did not log it"
    scene.cluster.faults.unfill_volume(volume)
    assert scene.cluster.master(slot) == master, "the machine was replaced, which frees no space"


@trial(expected="one gets the volume; the other waits until it is gone", recovery_seconds=600)
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
