"""Machines that cannot be reached, or do not answer."""

import time

from tests.faults.cluster import SLOTS
from tests.faults.registry import Scene, fault

_APART_SECONDS = 20.0
_ZONE_SECONDS = 60.0


@fault(
    expected="the other zones serve on; the zone's master is back when the zone is", well_within_seconds=600
)
def zone_cut_off(scene: Scene) -> None:
    """A zone loses its connection to everything else for a minute."""
    zone = scene.cluster.zone(scene.cluster.leader())
    scene.cluster.breaks.cut_zone(zone)
    time.sleep(_ZONE_SECONDS)
    scene.cluster.breaks.cut_zone(zone, False)


@fault(
    expected="the majority elects another leader; the minority answers nothing old", in_ci=True, in_soak=True
)
def partition_in_the_middle(scene: Scene) -> None:
    """The leader on one side, the other two masters on the other; clients reach both sides."""
    leader = scene.cluster.leader()
    masters = scene.cluster.masters()
    others = [masters[slot] for slot in SLOTS if slot != leader]
    scene.cluster.breaks.split([masters[leader]], others)
    time.sleep(_APART_SECONDS)
    scene.cluster.breaks.heal()


@fault(expected="its successor finishes it off and takes the volume", in_ci=True, in_soak=True)
def hung_predecessor(scene: Scene) -> None:
    """The leader's machine hangs with the volume mounted, as with a kernel that is stuck."""
    slot = scene.cluster.leader()
    old = scene.cluster.master(slot)
    scene.cluster.breaks.freeze(old)
    scene.wait_for_service(slot, old)


@fault(expected="it is replaced; what it did not hear it does not answer", in_soak=True)
def machine_cut_off(scene: Scene) -> None:
    """One machine loses its wire, and hears nothing of its own end."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    scene.cluster.breaks.partition(old)
    scene.wait_for_service(slot, old)
