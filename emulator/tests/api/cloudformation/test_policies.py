"""CreationPolicy and UpdatePolicy as templates write them."""

from typing import Any

import pytest

from emulator.api.cloudformation import policies


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("PT5M", 300), ("PT1H30M", 5400), ("PT15S", 15), ("PT12H", 43200), ("PT1H1M1S", 3661)],
)
def test_duration(duration: str, expected: int) -> None:
    """ISO 8601 durations of hours, minutes and seconds."""
    assert policies.seconds(duration, "here") == expected


@pytest.mark.parametrize("duration", ["PT", "5M", "P1D", "PT12H1S", "", None, 300])
def test_bad_duration_is_named(duration: Any) -> None:
    """Anything else is refused with its place."""
    with pytest.raises(policies.PolicyError, match="here"):
        policies.seconds(duration, "here")


def test_creation_policy_defaults() -> None:
    """One signal within five minutes, all of them needed."""
    policy = policies.creation_policy({"CreationPolicy": {}})
    assert policy == policies.CreationPolicy(count=1, timeout_seconds=300, min_successful_percent=100)
    assert policies.creation_policy({}) is None


def test_creation_policy_needs_a_signal() -> None:
    """A count of nothing is refused."""
    with pytest.raises(policies.PolicyError, match="not 0"):
        policies.creation_policy({"CreationPolicy": {"ResourceSignal": {"Count": 0}}})


def test_rolling_update_defaults() -> None:
    """PauseTime is nothing without signals and five minutes with them."""
    without = policies.rolling_update({"UpdatePolicy": {"AutoScalingRollingUpdate": {}}})
    assert without == policies.RollingUpdate(
        max_batch_size=1,
        min_instances_in_service=0,
        min_successful_percent=100,
        pause_seconds=0,
        wait_on_signals=False,
        suspended_processes=(),
    )
    waiting = policies.rolling_update(
        {"UpdatePolicy": {"AutoScalingRollingUpdate": {"WaitOnResourceSignals": "true"}}}
    )
    assert waiting is not None
    assert waiting.pause_seconds == 300
    assert policies.rolling_update({}) is None


def test_replacing_update_is_refused() -> None:
    """What is not modelled fails; it is not ignored."""
    with pytest.raises(policies.PolicyError, match="AutoScalingReplacingUpdate"):
        policies.rolling_update({"UpdatePolicy": {"AutoScalingReplacingUpdate": {"WillReplace": True}}})
