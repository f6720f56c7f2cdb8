"""What a successor does about the instance that has the volume."""

import pytest

from kubequorum_node.volume.predecessor import (
    COMPLETE_TERMINATE_HOOK_AFTER_SECONDS,
    FORCE_DETACH_AFTER_SECONDS,
    Holder,
    Next,
    decide,
)

FOREVER = 10_000.0


def _holder(
    *, instance: str | None = "running", lifecycle: str | None, silent: float = 0.0, waited: float = 0.0
) -> Holder:
    return Holder(
        instance_id="i-0aaaaaaaaaaaaaaaa",
        instance_state=instance,
        lifecycle_state=lifecycle,
        group="ha-MasterAGroup-1" if lifecycle else None,
        silent_seconds=silent,
        waited_seconds=waited,
    )


@pytest.mark.parametrize(
    "lifecycle", ["InService", "Terminating:Wait", "Terminating:Proceed", "Pending:Wait", None]
)
def test_a_running_instance_that_answers_is_never_touched(lifecycle: str | None) -> None:
    """However long it takes: it may be writing."""
    assert decide(_holder(lifecycle=lifecycle, waited=FOREVER)) is Next.WAIT


def test_a_graceful_termination_is_given_its_time() -> None:
    """A predecessor whose services have just stopped is about to complete its hook."""
    just_silent = COMPLETE_TERMINATE_HOOK_AFTER_SECONDS - 1
    assert decide(_holder(lifecycle="Terminating:Wait", silent=just_silent)) is Next.WAIT


def test_a_predecessor_that_hangs_in_terminating_is_finished_off() -> None:
    """It no longer answers: its lifecycle action is completed, and EC2 terminates it."""
    silent = COMPLETE_TERMINATE_HOOK_AFTER_SECONDS
    assert decide(_holder(lifecycle="Terminating:Wait", silent=silent)) is Next.COMPLETE_TERMINATE_HOOK


@pytest.mark.parametrize("instance", ["shutting-down", "terminated", None])
def test_a_terminated_predecessor_is_waited_for(instance: str | None) -> None:
    """EC2 detaches the volumes of a terminated instance; force is used only long after."""
    lifecycle = "Terminating:Proceed"
    early = FORCE_DETACH_AFTER_SECONDS - 1
    assert decide(_holder(instance=instance, lifecycle=lifecycle, silent=early, waited=early)) is Next.WAIT
    late = FORCE_DETACH_AFTER_SECONDS
    holder = _holder(instance=instance, lifecycle=lifecycle, silent=late, waited=late)
    assert decide(holder) is Next.FORCE_DETACH


def test_a_stopped_instance_is_detached_without_force() -> None:
    """Nothing runs on it that could write, and nothing else detaches the volume."""
    assert decide(_holder(instance="stopped", lifecycle=None, silent=1)) is Next.DETACH


@pytest.mark.parametrize("lifecycle", ["InService", "Pending:Wait", "Standby"])
def test_a_silent_member_of_the_group_is_the_groups_business(lifecycle: str) -> None:
    """It is not being terminated: perhaps only the network between the two is cut."""
    assert decide(_holder(lifecycle=lifecycle, silent=FOREVER, waited=FOREVER)) is Next.WAIT


def test_force_on_a_silent_terminating_instance_is_the_last_resort() -> None:
    """Terminating without a hook to complete, or in no group."""
    for lifecycle in ("Terminating:Proceed", None):
        soon = FORCE_DETACH_AFTER_SECONDS - 1
        assert decide(_holder(lifecycle=lifecycle, silent=soon, waited=FOREVER)) is Next.WAIT
        assert decide(_holder(lifecycle=lifecycle, silent=FOREVER, waited=FOREVER)) is Next.FORCE_DETACH
