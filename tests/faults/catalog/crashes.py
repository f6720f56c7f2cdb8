"""The node program dies in the middle of a master's boot."""

from kubequorum_node.boot import MASTER, steps_of
from tests.faults.registry import Scene, fault

STEPS = tuple(step.name for step in steps_of(MASTER))
_EXPECTED = "it is started again and goes on from what it finds"


def _is_done(step: str) -> str:
    """What the program prints after a step."""
    return f"{step}: done"


@fault(expected=_EXPECTED, names=STEPS)
def crash_after(scene: Scene, step: str) -> None:
    """It is killed right after one step."""
    _replace_with_crashes(scene, step)


@fault(expected=_EXPECTED, in_ci=True, well_within_seconds=600)
def crashes_at_the_worst_moments(scene: Scene) -> None:
    """It is killed four times in one boot: with the volume, before etcd, and before it has told anybody."""
    _replace_with_crashes(scene, "attach-volume", "settle-membership", "start-control-plane", "prove-health")


def _replace_with_crashes(scene: Scene, *steps: str) -> None:
    breaks = scene.cluster.breaks
    slot = scene.cluster.follower()
    zone = scene.cluster.zone(slot)
    switches = {breaks.kill_at_line(_is_done(step), zone=zone): step for step in steps}
    old = scene.end(slot)
    took = scene.wait_for_service(slot, old, seconds=800)
    scene.note(f"in service after {took:.0f} s and {len(steps)} crashes")
    new = scene.cluster.master(slot)
    assert old != new

    def missing() -> list[str]:
        """Steps without a crash, or without an end that is told; some come when it is in service."""
        left = {switch.switch_id for switch in breaks.switches()}
        console = scene.cluster.console(new)
        return [step for switch, step in switches.items() if switch in left or _is_done(step) not in console]

    scene.wait(lambda: not missing(), f"a crash after each of {', '.join(steps)}", seconds=240)
