"""Faults at one master while another one is being replaced, as far as two of three stay."""

import time

from emulator.faults import ApiRule
from tests.faults.catalog.watchdog import (
    API_SERVER_MANIFEST,
    ASIDE,
    kill_kubelet,
    wait_until_replaced_one_by_one,
)
from tests.faults.registry import Scene, fault

_EXPECTED = "the third master and one more are a quorum all the while"


def _slots(scene: Scene) -> tuple[str, str]:
    """The slot that is being replaced, and the one that the fault is at: the leader's."""
    leader = scene.cluster.leader()
    return next(slot for slot in scene.cluster.slots if slot != leader), leader


@fault(expected=_EXPECTED)
def leader_cannot_reach_aws_during_a_replacement(scene: Scene) -> None:
    """AWS refuses everything that the leader's machine asks while another master is replaced."""
    replaced, leader = _slots(scene)
    scene.cluster.faults.api(
        ApiRule(instance_id=scene.cluster.master(leader), error="InternalError", status=500)
    )
    scene.wait_for_service(replaced, scene.end(replaced))


@fault(expected=_EXPECTED)
def leaders_clock_off_during_a_replacement(scene: Scene) -> None:
    """The leader's clock is ten minutes off while another master is replaced."""
    replaced, leader = _slots(scene)
    scene.cluster.faults.clock(scene.cluster.master(leader), seconds=600)
    scene.wait_for_service(replaced, scene.end(replaced))


@fault(expected=_EXPECTED)
def volume_stuck_and_slow_imds_during_a_replacement(scene: Scene) -> None:
    """The replaced master's volume sticks for a minute, and every metadata service is slow."""
    replaced, _ = _slots(scene)
    scene.cluster.faults.imds(delay_seconds=2.0)
    scene.cluster.faults.hold_detach(seconds=60, volume_id=scene.cluster.volume(replaced))
    scene.wait_for_service(replaced, scene.end(replaced))


@fault(expected="the watchdog waits until the other one is back; only then its own machine goes")
def leaders_kubelet_dies_during_a_replacement(scene: Scene) -> None:
    """The leader's kubelet dies while another master is replaced: a watchdog alone would end the quorum."""
    replaced, leader = _slots(scene)
    before = scene.cluster.masters()
    scene.end(replaced)
    kill_kubelet(scene, before[leader])
    took = wait_until_replaced_one_by_one(scene, before, replaced, leader)
    scene.note(f"both replaced after {took:.0f} s")


@fault(expected="the API is served by the third master, from two members")
def leaders_api_server_gone_during_a_replacement(scene: Scene) -> None:
    """The leader's API server is gone for half a minute while another master is replaced."""
    replaced, leader = _slots(scene)
    master = scene.cluster.master(leader)
    old = scene.end(replaced)
    scene.cluster.sh(master, f"mv {API_SERVER_MANIFEST} {ASIDE}")
    time.sleep(30)
    scene.cluster.sh(master, f"mv {ASIDE} {API_SERVER_MANIFEST}")
    scene.wait_for_service(replaced, old)


@fault(expected="no quorum until one of them is back; nothing acknowledged is lost")
def leader_hangs_during_a_replacement(scene: Scene) -> None:
    """The leader's machine hangs while another one is away: the only double that costs the quorum."""
    replaced, leader = _slots(scene)
    old = scene.end(replaced)
    scene.successor(replaced, old)
    hung = scene.cluster.master(leader)
    scene.cluster.faults.freeze(hung)
    scene.wait_for_service(replaced, old, seconds=600)
    scene.wait_for_service(leader, hung, seconds=600)
