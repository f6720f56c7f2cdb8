"""A fault at one master while another one is being replaced, and two of three remain."""

import time

from emulator.faults import ApiRule
from lab.cluster import readyz
from tests.faults.catalog.watchdog import (
    API_SERVER_MANIFEST,
    ASIDE,
    stop_kubelet,
    wait_until_replaced_one_by_one,
)
from tests.faults.registry import Scene, trial

_EXPECTED = "the third master and one more are a quorum at all times"
_STUCK_SECONDS = 60.0
_WITHOUT_API_SERVER_SECONDS = 30.0


def _slots(scene: Scene) -> tuple[str, str]:
    """The slot that is replaced, and the slot of the leader, where the fault is."""
    leader = scene.cluster.leader()
    return next(slot for slot in scene.cluster.slots if slot != leader), leader


@trial(expected=_EXPECTED)
def leader_cannot_reach_aws_during_a_replacement(scene: Scene) -> None:
    """AWS fails every request of the leader's machine while another master is replaced."""
    replaced, leader = _slots(scene)
    failing = scene.cluster.faults.api(
        ApiRule(instance_id=scene.cluster.master(leader), error="InternalError", status=500)
    )
    scene.wait_until_replaced(replaced, scene.terminate(replaced))
    # The watchdog calls AWS once a minute.
    scene.wait(lambda: scene.effects(failing) > 0, "a request of the leader's machine fails", seconds=120)


@trial(expected=_EXPECTED)
def leaders_clock_off_during_a_replacement(scene: Scene) -> None:
    """The leader's clock is ten minutes off while another master is replaced."""
    replaced, leader = _slots(scene)
    master = scene.cluster.master(leader)
    scene.cluster.faults.clock(master, seconds=600)
    scene.wait_until_replaced(replaced, scene.terminate(replaced))
    logged = "watchdog: clock skew"
    scene.wait(lambda: logged in scene.cluster.console(master), logged, seconds=180)


@trial(expected=_EXPECTED)
def volume_stuck_and_slow_imds_during_a_replacement(scene: Scene) -> None:
    """The replaced master's volume takes a minute to detach, and every metadata service is slow."""
    replaced, _ = _slots(scene)
    slow = scene.cluster.faults.imds(delay_seconds=2.0)
    scene.cluster.faults.hold_detach(seconds=_STUCK_SECONDS, volume_id=scene.cluster.volume(replaced))
    took = scene.wait_until_replaced(replaced, scene.terminate(replaced))
    assert took >= _STUCK_SECONDS, f"the detach was not held: in service after {took:.0f} s"
    assert scene.effects(slow) > 0, "no metadata request was late"


@trial(expected="the watchdog waits until the other one is back; only then is its own machine replaced")
def leaders_kubelet_stops_during_a_replacement(scene: Scene) -> None:
    """The leader's kubelet stops while another master is replaced: acting at once would lose the quorum."""
    replaced, leader = _slots(scene)
    before = scene.cluster.masters()
    scene.terminate(replaced)
    stop_kubelet(scene, before[leader])
    took = wait_until_replaced_one_by_one(scene, before, replaced, leader)
    scene.note(f"both replaced after {took:.0f} s")


@trial(expected="the third master serves the API, from two members")
def leaders_api_server_gone_during_a_replacement(scene: Scene) -> None:
    """The leader's API server is gone for half a minute while another master is replaced."""
    replaced, leader = _slots(scene)
    master = scene.cluster.master(leader)
    old = scene.terminate(replaced)
    scene.cluster.sh(master, f"mv {API_SERVER_MANIFEST} {ASIDE}")
    took = scene.wait(
        lambda: readyz(scene.cluster, master) != "ok", f"the API server of {master} stops", seconds=45
    )
    # At most 45 s: the watchdog has its machine replaced after a minute.
    time.sleep(max(0.0, _WITHOUT_API_SERVER_SECONDS - took))
    scene.cluster.sh(master, f"mv {ASIDE} {API_SERVER_MANIFEST}")
    scene.wait_until_replaced(replaced, old)


@trial(expected="no quorum until one of them is back; no acknowledged write is lost")
def leader_hangs_during_a_replacement(scene: Scene) -> None:
    """The leader's machine hangs while another one is away: the only double fault that loses the quorum."""
    replaced, leader = _slots(scene)
    old = scene.terminate(replaced)
    scene.successor(replaced, old)
    hung = scene.cluster.master(leader)
    scene.cluster.faults.freeze(hung)
    scene.wait_until_replaced(replaced, old, seconds=600)
    scene.wait_until_replaced(leader, hung, seconds=600)
