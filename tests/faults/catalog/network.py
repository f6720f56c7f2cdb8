"""Machines that cannot be reached, or do not answer."""

import time

from tests.faults.registry import Scene, fault

_APART_SECONDS = 20.0
_ZONE_SECONDS = 60.0


@fault(expected="the other zones keep serving; the zone's master is back when the zone is", in_soak=True)
def zone_partitioned(scene: Scene) -> None:
    """The leader's zone is cut off for a minute: too short for EC2's status checks."""
    zone = scene.cluster.zone(scene.cluster.leader())
    scene.cluster.faults.partition_zone(zone, unnoticed=True)
    time.sleep(_ZONE_SECONDS)
    scene.cluster.faults.reconnect_zone(zone)


@fault(expected="as before; machines that are launched in the zone wait for it", recovery_seconds=900)
def zone_partitioned_and_noticed(scene: Scene) -> None:
    """EC2's status checks fail, too: the groups replace the zone's instances, which cannot reach anything."""
    zone = scene.cluster.zone(scene.cluster.leader())
    scene.cluster.faults.partition_zone(zone)
    time.sleep(_ZONE_SECONDS)
    scene.cluster.faults.reconnect_zone(zone)


@fault(
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
    time.sleep(_APART_SECONDS)
    scene.cluster.faults.heal()


@fault(expected="its successor has it terminated and takes the volume", in_ci=True, in_soak=True)
def hung_predecessor(scene: Scene) -> None:
    """The leader's machine hangs with the volume mounted, as with a kernel that is stuck."""
    slot = scene.cluster.leader()
    old = scene.cluster.master(slot)
    scene.cluster.faults.freeze(old)
    scene.wait_until_replaced(slot, old)


@fault(expected="the others elect another leader; it resumes, and answers nothing stale", in_soak=True)
def leader_pauses(scene: Scene) -> None:
    """The leader's machine stops for ten seconds and resumes, as after a live migration."""
    leader = scene.cluster.master(scene.cluster.leader())
    scene.cluster.faults.freeze(leader, unnoticed=True)
    time.sleep(10)
    scene.cluster.faults.thaw(leader)


@fault(expected="it is replaced, and answers nothing stale", in_soak=True)
def machine_partitioned(scene: Scene) -> None:
    """One machine loses its network, and so cannot learn of its own termination."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    scene.cluster.faults.partition(old)
    scene.wait_until_replaced(slot, old)
