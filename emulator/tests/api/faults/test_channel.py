"""The channel into the emulator's process: who may use it, and what it says when something is wrong."""

import stat
from pathlib import Path

import pytest

from emulator.faults import ApiRule, BreakError, Breaks, EmulatorNotRunningError, UnknownTargetError, channel
from emulator.tests.api.emulator import Emulator


def test_only_the_owner_may_connect(emulator: Emulator) -> None:
    """The socket is the owner's alone, and lies in the state folder, however long that folder's path is."""
    path = channel.socket_file(emulator.state_dir)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(str(path)) > 108
    assert Breaks(emulator.state_dir).switches() == []


def test_no_emulator(tmp_path: Path) -> None:
    """Where none runs, the error says so and how to start one."""
    with pytest.raises(EmulatorNotRunningError, match="make up"):
        Breaks(tmp_path).switches()


def test_switches_are_listed_and_removed(breaks: Breaks) -> None:
    """What is on is listed with what it is about; it can be removed once, alone or with all others."""
    first = breaks.api(ApiRule(service="s3", throttled=True))
    second = breaks.imds("i-1", delay_seconds=2)
    assert [(entry.switch_id, entry.kind) for entry in breaks.switches()] == [
        (first, "api"),
        (second, "imds"),
    ]
    assert breaks.switches()[1].about == {"instance_id": "i-1", "delay_seconds": 2}
    breaks.remove(first)
    with pytest.raises(UnknownTargetError, match=first):
        breaks.remove(first)
    breaks.clear()
    assert breaks.switches() == []


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (ApiRule(), "needs an effect"),
        (ApiRule(throttled=True, lost="request"), "exclude each other"),
        (ApiRule(error="X", probability=2), "from 0 to 1"),
        (ApiRule(error="X", status=200), "from 400 to 599"),
        (ApiRule(error="X", times=0), "once at least"),
        (ApiRule(lost="silently"), "cannot be made up"),
        (ApiRule(lost="silently", service="s3"), "cannot be made up"),
    ],
)
def test_rules_that_make_no_sense(breaks: Breaks, rule: ApiRule, complaint: str) -> None:
    """A rule that could never do what was meant is refused, and nothing is switched on."""
    with pytest.raises(BreakError, match=complaint):
        breaks.api(rule)
    assert breaks.switches() == []


def test_machines_that_are_no_real_ones_cannot_be_broken(breaks: Breaks) -> None:
    """Process machines have no power to lose: the error says what is needed."""
    with pytest.raises(BreakError, match="nspawn"):
        breaks.power_loss("i-1")
