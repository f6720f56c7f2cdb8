"""The node program crashes in the middle of a master's boot."""

from kubequorum_node.boot.order import MASTER, steps_of
from tests.faults.registry import Scene, trial

STEPS = tuple(step.name for step in steps_of(MASTER))
_EXPECTED = "it is restarted and continues from what it finds"


def _done(step: str) -> str:
    """What the program logs after a step."""
    return f"{step}: done"


@trial(expected=_EXPECTED, points=STEPS)
def crash_after(scene: Scene, step: str) -> None:
    """It is killed right after one step."""
    _replace_with_crashes(scene, step)


@trial(expected=_EXPECTED, in_ci=True, recovery_seconds=600)
def crashes_at_the_worst_moments(scene: Scene) -> None:
    """It is killed four times in one boot: with the volume, before etcd starts, and before it signals."""
    _replace_with_crashes(scene, "attach-volume", "settle-membership", "start-control-plane", "prove-health")


def _replace_with_crashes(scene: Scene, *steps: str) -> None:
    faults = scene.cluster.faults
    slot = scene.cluster.follower()
    zone = scene.cluster.zone(slot)
    crashes: dict[str | None, str] = {faults.kill_at_line(_done(step), zone=zone): step for step in steps}
    old = scene.terminate(slot)
    took = scene.wait_until_replaced(slot, old, seconds=800)
    scene.note(f"in service after {took:.0f} s, {len(steps)} crashes")
    new = scene.cluster.master(slot)

    def pending() -> list[str]:
        return [crashes[active.fault_id] for active in faults.active() if active.fault_id in crashes]

    # It is in service before its last steps.
    scene.wait(lambda: not pending(), f"crashes after {', '.join(steps)}", seconds=300)
    scene.wait(
        lambda: scene.cluster.console(new).rpartition("boot: master/")[2].count(_done(STEPS[-1])) > 0,
        f"the boot of {new} continues to its end after the last crash",
        seconds=300,
    )
