"""The node program dies in the middle of a master's boot."""

from kubequorum_node.boot.order import MASTER, steps_of
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
    faults = scene.cluster.faults
    slot = scene.cluster.follower()
    zone = scene.cluster.zone(slot)
    pending: dict[str | None, str] = {faults.kill_at_line(_is_done(step), zone=zone): step for step in steps}
    old = scene.end(slot)
    took = scene.wait_for_service(slot, old, seconds=800)
    scene.note(f"in service after {took:.0f} s, {len(steps)} crashes in all")
    new = scene.cluster.master(slot)

    def not_yet() -> list[str]:
        return [pending[f.fault_id] for f in faults.active() if f.fault_id in pending]

    # It is in service before its last steps.
    scene.wait(lambda: not not_yet(), f"crashes after {', '.join(steps)}", seconds=300)
    scene.wait(
        lambda: scene.cluster.console(new).rpartition("boot: master/")[2].count(_is_done(STEPS[-1])) > 0,
        f"the boot of {new} goes on to its end after the last crash",
        seconds=300,
    )
