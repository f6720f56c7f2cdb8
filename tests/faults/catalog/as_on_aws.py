"""What is built on kind times breaks here: the embedded AWS takes as long as AWS, or a tenth of that.

See emulator/times.py for the durations and their sources.
"""

from tests.faults.catalog.power import power_loss_that_only_peers_notice
from tests.faults.catalog.rolling_updates import roll_of_all_masters
from tests.faults.registry import Scene, Times, trial

_TENTH = Times(profile="aws", factor=0.1)
_WHOLE = Times(profile="aws")
_MINUTES = 60


@trial(
    expected="each waits until the load balancer has taken up the last: hardly a gap",
    in_ci=True,
    times=_TENTH,
)
def roll_as_on_aws(scene: Scene) -> None:
    """`cdk deploy` of another release, in a tenth of AWS's time."""
    roll_of_all_masters(scene)


@trial(expected="the other two report it, long before EC2's status checks would", times=_WHOLE)
def power_loss_in_aws_time(scene: Scene) -> None:
    """A follower's machine loses its power."""
    power_loss_that_only_peers_notice(scene)


@trial(expected="as in a tenth of the time", times=_WHOLE, recovery_seconds=20 * _MINUTES)
def roll_in_aws_time(scene: Scene) -> None:
    """`cdk deploy` of another release, in AWS's own time."""
    roll_of_all_masters(scene)
