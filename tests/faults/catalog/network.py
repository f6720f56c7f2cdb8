"""Machines that cannot be reached, or do not answer."""

import time

from kubequorum_cli.validate import kinds
from tests.faults.registry import Scene, trial

_APART_SECONDS = 20.0
_PAUSE_SECONDS = 10.0
_ZONE_SECONDS = 60.0
_SHORT_SECONDS = 12.0
"""Shorter than the silence after which masters report another one."""


@trial(expected="the other zones keep serving; the zone's master is back when the zone is", in_soak=True)
def zone_partitioned(scene: Scene) -> None:
    """The leader's zone is cut off for some seconds: too short for status checks and for other masters."""
    slot = scene.cluster.leader()
    zone = scene.cluster.zone(slot)
    scene.cluster.faults.partition_zone(zone, unnoticed=True)
    took = scene.wait_for_another_leader(slot)
    time.sleep(max(0.0, _SHORT_SECONDS - took))
    scene.cluster.faults.reconnect_zone(zone)


@trial(expected="as before; machines that are launched in the zone wait for it", recovery_seconds=900)
def zone_partitioned_and_noticed(scene: Scene) -> None:
    """EC2's status checks fail, too: the groups replace the zone's instances, which cannot reach anything."""
    slot = scene.cluster.leader()
    zone, old = scene.cluster.zone(slot), scene.cluster.master(slot)
    cut_off = {
        instance_id
        for instance_id, instance in scene.cluster.instances().items()
        if instance["Placement"]["AvailabilityZone"] == zone
    }
    scene.cluster.faults.partition_zone(zone)
    time.sleep(_ZONE_SECONDS)

    def noticed() -> bool:
        states = {str(m["InstanceId"]): str(m["LifecycleState"]) for m in scene.cluster.members(slot)}
        return states.get(old) != "InService"

    scene.wait(noticed, f"the group of slot {slot} takes {old} out of service", seconds=120)
    scene.wait_for_finding(kinds.SLOT_WITHOUT_MASTER)
    scene.cluster.faults.reconnect_zone(zone)
    scene.wait_until_replaced(slot, old, seconds=800)
    scene.wait(
        lambda: not cut_off & scene.cluster.instances().keys(),
        f"all instances of {zone} are replaced: {', '.join(sorted(cut_off))}",
        seconds=800,
    )


@trial(
    expected="the majority elects another leader; the minority answers nothing stale",
    in_ci=True,
    in_soak=True,
)
def leader_partitioned_from_the_others(scene: Scene) -> None:
    """The leader on one side, the other two masters on the other; clients reach both sides."""
    leader = scene.cluster.leader()
    masters = scene.cluster.masters()
    others = [masters[slot] for slot in scene.cluster.slots if slot != leader]
    scene.cluster.faults.split([[masters[leader]], others])
    took = scene.wait_for_another_leader(leader)
    time.sleep(max(0.0, _APART_SECONDS - took))
    scene.cluster.faults.heal()


@trial(expected="its successor has it terminated and takes the volume", in_ci=True, in_soak=True)
def hung_predecessor(scene: Scene) -> None:
    """The leader's machine hangs with the volume mounted, as with a kernel that is stuck."""
    slot = scene.cluster.leader()
    old = scene.cluster.master(slot)
    scene.cluster.faults.freeze(old)
    scene.wait_for_finding(kinds.SLOT_WITHOUT_MASTER)
    scene.wait_until_replaced(slot, old)


@trial(expected="the others elect another leader; it resumes, and answers nothing stale", in_soak=True)
def leader_pauses(scene: Scene) -> None:
    """The leader's machine stops for ten seconds and resumes, as after a live migration."""
    slot = scene.cluster.leader()
    leader = scene.cluster.master(slot)
    scene.cluster.faults.freeze(leader, unnoticed=True)
    took = scene.wait_for_another_leader(slot)
    time.sleep(max(0.0, _PAUSE_SECONDS - took))
    scene.cluster.faults.thaw(leader)


@trial(expected="it is replaced, and answers nothing stale", in_soak=True)
def machine_partitioned(scene: Scene) -> None:
    """One machine loses its network, and so cannot learn of its own termination."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    scene.cluster.faults.partition(old)
    scene.wait_until_replaced(slot, old)
