"""What a roll does not follow: a refusal of AWS that passes, and a signal that is to be ignored."""

import signal
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kubequorum_cli.commands import roll as command
from tests.kubequorum_cli.roll.cluster import EmulatedCluster
from tests.kubequorum_cli.roll.conftest import Fail, Run, states


@pytest.fixture
def refuse(cluster: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have Auto Scaling refuse the next termination with a code."""
    autoscaling = cluster.target.client("autoscaling")
    real = autoscaling.terminate_instance_in_auto_scaling_group
    left: list[str] = []

    def terminate(**request: Any) -> Any:
        if left:
            answer: Any = {"Error": {"Code": left.pop(), "Message": "no"}}
            raise ClientError(answer, "TerminateInstanceInAutoScalingGroup")
        return real(**request)

    monkeypatch.setattr(autoscaling, "terminate_instance_in_auto_scaling_group", terminate)
    return left.append


def test_a_refusal_that_passes_is_retried(
    cluster: EmulatedCluster, run: Run, refuse: Callable[[str], None]
) -> None:
    """The group has an activity that is about to end."""
    before = cluster.masters
    refuse("ScalingActivityInProgress")
    run("c")
    assert cluster.masters["c"] != before["c"]


def test_a_permission_that_lacks_ends_it(
    cluster: EmulatedCluster, fail: Fail, refuse: Callable[[str], None]
) -> None:
    """And nothing is on its way."""
    before = cluster.masters
    refuse("AccessDenied")
    error, printed = fail("c")
    assert error.what == "the roll stopped at slot c"
    assert "AccessDenied" in error.why
    assert states(printed) == ["untouched"]
    assert cluster.masters == before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As nohup has it: the terminal may close."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with command._interruptible():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
