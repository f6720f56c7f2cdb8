"""What is built on kind times breaks here: the embedded AWS takes as long as AWS, or a tenth of that.

See emulator/times.py for the durations and their sources.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager

from tests.faults.catalog.power import power_loss_that_only_peers_notice
from tests.faults.catalog.rolling_updates import roll_of_all_masters
from tests.faults.registry import Scene, trial
from tests.faults.watching import never

_TENTH, _WHOLE = 0.1, 1.0
_LOOK_SECONDS = 0.5


@trial(expected="each waits until the load balancer has taken up the last: hardly a gap", aws_times=_TENTH)
def roll_as_on_aws(scene: Scene) -> None:
    """`cdk deploy` of another release, in a tenth of AWS's time."""
    _roll(scene)


@trial(expected="the other two report it, long before EC2's status checks would", aws_times=_WHOLE)
def power_loss_in_aws_time(scene: Scene) -> None:
    """A follower's machine loses its power."""
    power_loss_that_only_peers_notice(scene)


@trial(expected="as in a tenth of the time", aws_times=_WHOLE, recovery_seconds=1200)
def roll_in_aws_time(scene: Scene) -> None:
    """`cdk deploy` of another release, in AWS's own time."""
    _roll(scene)


def one_after_the_other(scene: Scene) -> AbstractContextManager[None]:
    """Look whether a master ever leaves while the load balancer has not taken up another.

    Clients need not notice: in a tenth of the time the next boot takes longer than the load balancer.
    """

    def look() -> Iterator[str]:
        states = _target_states(scene)
        leaving = [name for name, state in states.items() if state == "draining"]
        coming = [name for name, state in states.items() if state == "initial"]
        yield from (f"{one} left while {other} was initial" for one in leaving for other in coming)

    return never(look, pause_seconds=_LOOK_SECONDS)


def _roll(scene: Scene) -> None:
    with one_after_the_other(scene):
        roll_of_all_masters(scene)


def _target_states(scene: Scene) -> dict[str, str]:
    elbv2 = scene.cluster.client("elbv2")
    return {
        str(found["Target"]["Id"]): str(found["TargetHealth"]["State"])
        for group in elbv2.describe_target_groups()["TargetGroups"]
        for found in elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
    }
