"""Profiles of times: what is at once, what takes as long as on AWS, and what a factor scales."""

from collections.abc import Iterator

import pytest

from emulator import times
from emulator.api.autoscaling.health import EC2_STATE, EC2_STATUS_CHECK
from emulator.api.ec2 import machine_reports
from emulator.api.ec2.machine_reports import StatusChecks
from emulator.api.worker import Worker
from emulator.tests.api.autoscaling.fakes import World
from emulator.tests.api.recording import until
from emulator.times import Times


def test_quick_takes_no_time() -> None:
    """It is the default of everything."""
    assert times.profile("quick", factor=5) == Times()


def test_a_factor_scales_durations_and_nothing_else() -> None:
    """What happens stays the same; only how long it takes does not."""
    whole, tenth = times.profile("aws"), times.profile("aws", factor=0.1)
    assert tenth.target_registration == pytest.approx(whole.target_registration / 10)
    assert tenth.group_notices == pytest.approx(whole.group_notices / 10)
    assert tenth.new_target_needs_threshold
    assert tenth.termination_waits_for_draining
    assert tenth.addresses_come_back


@pytest.mark.parametrize(("name", "factor"), [("slow", 1.0), ("aws", 0.0), ("aws", -1.0)])
def test_what_makes_no_sense_is_refused(name: str, factor: float) -> None:
    """By its value."""
    with pytest.raises(ValueError, match=rf"{name}|{factor}"):
        times.profile(name, factor=factor)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[StatusChecks, list[tuple[str, bool]], Worker]]:
    """Status checks that need three minutes, a hundred times faster; and what they found."""
    found: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        machine_reports, "status_check", lambda instance_id, *, passed: found.append((instance_id, passed))
    )
    worker = Worker(time_scale=0.001)
    yield StatusChecks(worker=worker, seconds=lambda: 180.0), found, worker
    worker.close()


def test_status_checks_notice_a_dead_machine_late(
    checked: tuple[StatusChecks, list[tuple[str, bool]], Worker],
) -> None:
    """Not at once, and one that works again by then was never dead."""
    checks, found, worker = checked
    checks.report("i-1", False)
    assert found == []
    checks.report("i-1", True)
    worker.sleep(400)
    assert found == [("i-1", True)]
    checks.report("i-1", False)
    until(lambda: found[1:] == [("i-1", False)])


@pytest.mark.parametrize("how", ["impaired", "ended"])
def test_a_group_acts_some_time_after_ec2(how: str) -> None:
    """On an impaired instance, and on one that was terminated behind its back."""
    world = World(Times(group_notices=60.0))
    group = world.create(size=1)
    world.run("i-1")
    if how == "impaired":
        world.engine.health.status_checked(group, world.member("i-1"), passed=False)
    else:
        world.end("i-1")
    world.clock.advance(59)
    assert world.states() == {"i-1": "InService"}
    world.clock.advance(1)
    assert "i-2" in world.states()
    expected = EC2_STATUS_CHECK if how == "impaired" else EC2_STATE
    assert any(expected in activity.cause for activity in group.activities)


def test_a_group_leaves_an_instance_that_recovered_alone() -> None:
    """Its checks pass again before the group looks."""
    world = World(Times(group_notices=60.0))
    group = world.create(size=1)
    world.run("i-1")
    world.engine.health.status_checked(group, world.member("i-1"), passed=False)
    world.engine.health.status_checked(group, world.member("i-1"), passed=True)
    world.clock.advance(300)
    assert world.states() == {"i-1": "InService"}
