"""Who holds the slot's volume, and what to do about it.

EBS lets a volume be attached to one instance at a time: that is the fence between
a master and its successor. A predecessor that ends in order gives the volume
free by itself; one that hangs must be helped, and one that lives must be let be.
"""

from dataclasses import dataclass
from enum import Enum

from kubequorum_node.aws.instances import GONE

FINISH_OFF_AFTER_SECONDS = 10.0
"""How long a predecessor in Terminating:Wait may be silent. In an orderly end its kubelet answers to the last
(see `static_pods`), so one that is silent hangs, has no power, or never came up. Completing its action is no
force: EC2 then shuts it down in order, if it still can."""
LAST_RESORT_AFTER_SECONDS = 180.0
"""How long AWS may take to give a volume of an ended instance free."""


class Next(Enum):
    """What the successor does."""

    WAIT = "wait"
    FINISH_OFF = "complete its terminate action"
    DETACH = "detach the volume"
    FORCE_DETACH = "detach the volume by force"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The instance that has the volume, as its successor sees it."""

    instance_id: str
    instance_state: str | None
    """EC2's state: running, shutting-down, …; None if EC2 no longer knows it."""
    lifecycle_state: str | None
    """The group's state: InService, Terminating:Wait, …; None if it is in no group (any more)."""
    group: str | None
    """Name of its Auto Scaling group."""
    silent_seconds: float
    """How long it has not answered; 0 if it does."""
    waited_seconds: float
    """How long the successor has waited for the volume."""

    def __str__(self) -> str:
        """For the console."""
        speech = f"silent for {self.silent_seconds:.0f} s" if self.silent_seconds else "answering"
        return (
            f"{self.instance_id} ({self.instance_state or 'unknown to EC2'}, "
            f"{self.lifecycle_state or 'in no group'}, {speech})"
        )


def decide(holder: Holder) -> Next:
    """Say what to do about the instance that has the volume.

    Force is the last resort, and never used on a running instance that answers:
    it may be writing. A member of a group that is not being ended is its group's
    business, silent or not.
    """
    if holder.instance_state in GONE:
        # AWS detaches by itself; if it does not, nobody is left who could write.
        return Next.FORCE_DETACH if holder.waited_seconds >= LAST_RESORT_AFTER_SECONDS else Next.WAIT
    if holder.instance_state == "stopped":
        return Next.DETACH
    if holder.silent_seconds == 0:
        return Next.WAIT
    state = holder.lifecycle_state
    if state == "Terminating:Wait":
        return Next.FINISH_OFF if holder.silent_seconds >= FINISH_OFF_AFTER_SECONDS else Next.WAIT
    leaving = state is None or state.startswith(("Terminating", "Terminated", "Detach"))
    if leaving and min(holder.silent_seconds, holder.waited_seconds) >= LAST_RESORT_AFTER_SECONDS:
        return Next.FORCE_DETACH
    return Next.WAIT
