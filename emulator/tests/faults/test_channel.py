"""The channel into the emulator's process: who may use it, and what it refuses."""

import stat
from pathlib import Path

import pytest

from emulator.faults import (
    ApiRule,
    EmulatorNotRunningError,
    FaultClient,
    FaultError,
    UnknownTargetError,
    channel,
)
from emulator.tests.api.emulator import Emulator


def test_only_the_owner_may_connect(emulator: Emulator) -> None:
    """The socket is the owner's alone, and lies in the state folder, however long that folder's path is."""
    path = channel.socket_file(emulator.state_dir)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(str(path)) > 108
    assert FaultClient(emulator.state_dir).active() == []


def test_no_emulator(tmp_path: Path) -> None:
    """Where none runs, the error says so."""
    with pytest.raises(EmulatorNotRunningError, match="no emulator listens"):
        FaultClient(tmp_path).active()


def test_active_faults_are_listed_and_cleared(faults: FaultClient) -> None:
    """Active faults are listed with their arguments; each can be cleared once, alone or with all others."""
    first = faults.api(ApiRule(service="s3", throttled=True))
    second = faults.imds("i-1", delay_seconds=2)
    assert [(entry.fault_id, entry.kind) for entry in faults.active()] == [
        (first, "api"),
        (second, "imds"),
    ]
    assert faults.active()[1].about == {"instance_id": "i-1", "delay_seconds": 2}
    faults.clear(first)
    with pytest.raises(UnknownTargetError, match=first):
        faults.clear(first)
    faults.clear_all()
    assert faults.active() == []


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (ApiRule(), "needs an effect"),
        (ApiRule(throttled=True, lost="request"), "exclude each other"),
        (ApiRule(error="X", probability=2), "probability is 2: .* less than or equal to 1"),
        (ApiRule(error="X", status=200), "status is 200: .* greater than or equal to 400"),
        (ApiRule(error="X", times=0), "times is 0: .* greater than or equal to 1"),
        (ApiRule(lost="silently"), "cannot be made up"),
        (ApiRule(lost="silently", service="s3"), "cannot be made up"),
    ],
)
def test_rules_that_make_no_sense(faults: FaultClient, rule: ApiRule, complaint: str) -> None:
    """A rule that can have no effect, or contradicts itself, is refused, and does not become active."""
    with pytest.raises(FaultError, match=complaint):
        faults.api(rule)
    assert faults.active() == []


def test_faults_of_machines_need_machines_that_boot(faults: FaultClient) -> None:
    """Process machines have no power to lose: the error says what is needed."""
    with pytest.raises(FaultError, match="nspawn"):
        faults.power_loss("i-1")


@pytest.mark.parametrize(
    ("name", "parameters", "complaint"),
    [
        ("imds", {"status": "503"}, "status is '503'"),
        ("imds", {"colour": "red"}, "no argument colour"),
        ("clock", {"instance_id": "i-1"}, "needs the argument seconds"),
        ("explode", {}, "no fault or operation `explode`"),
        ("clear", {}, "fault_id"),
    ],
)
def test_requests_that_the_table_does_not_know(
    emulator: Emulator, name: str, parameters: dict[str, object], complaint: str
) -> None:
    """Requests that do not come from the client get the same checks."""
    with pytest.raises(FaultError, match=complaint):
        channel.ask(emulator.state_dir, name, parameters, timeout_seconds=10)
