"""Who holds the slot's volume, and what to do about it.

EBS attaches a volume to one instance at a time: that is the fence between a master and its successor. A
predecessor that terminates gracefully detaches the volume itself. One that hangs needs help, and one that
lives is left alone.
"""

from dataclasses import dataclass
from enum import Enum

from kubequorum_node.aws.instances import GONE

COMPLETE_TERMINATE_HOOK_AFTER_SECONDS = 10.0
"""How long a predecessor in Terminating:Wait may be silent. During a graceful termination its kubelet answers
until the end (see `static_pods`), so one that is silent hangs, has no power, or never came up. Completing its
lifecycle action is not force: EC2 then shuts it down normally, if it still can."""
FORCE_DETACH_AFTER_SECONDS = 180.0
"""How long AWS may take to detach the volume of a terminated instance."""


class Next(Enum):
    """What the successor does."""

    WAIT = "wait"
    COMPLETE_TERMINATE_HOOK = "complete its terminate hook"
    DETACH = "detach the volume"
    FORCE_DETACH = "detach the volume by force"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The instance that has the volume, as its successor sees it."""

    instance_id: str
    instance_state: str | None
    """EC2's state: running, shutting-down, …; None if EC2 no longer knows it."""
    lifecycle_state: str | None
    """The group's state: InService, Terminating:Wait, …; None if it is in no group."""
    group: str | None
    """Name of its Auto Scaling group."""
    silent_seconds: float
    """How long it has not answered; 0 if it does."""
    waited_seconds: float
    """How long the successor has waited for the volume."""

    def __str__(self) -> str:
        """For the console."""
        answering = f"silent for {self.silent_seconds:.0f} s" if self.silent_seconds else "answering"
        return (
            f"{self.instance_id} ({self.instance_state or 'unknown to EC2'}, "
            f"{self.lifecycle_state or 'in no group'}, {answering})"
        )


def decide(holder: Holder) -> Next:
    """Decide what to do about the instance that has the volume.

    Force is the last resort, and is never used on a running instance that answers: it may be writing. A
    member of a group that is not being terminated is its group's business, silent or not.
    """
    if holder.instance_state in GONE:
        # AWS detaches by itself; if it does not, nobody is left who could write.
        return Next.FORCE_DETACH if holder.waited_seconds >= FORCE_DETACH_AFTER_SECONDS else Next.WAIT
    if holder.instance_state == "stopped":
        return Next.DETACH
    if holder.silent_seconds == 0:
        return Next.WAIT
    state = holder.lifecycle_state
    if state == "Terminating:Wait":
        return (
            Next.COMPLETE_TERMINATE_HOOK
            if holder.silent_seconds >= COMPLETE_TERMINATE_HOOK_AFTER_SECONDS
            else Next.WAIT
        )
    leaving = state is None or state.startswith(("Terminating", "Terminated", "Detach"))
    if leaving and min(holder.silent_seconds, holder.waited_seconds) >= FORCE_DETACH_AFTER_SECONDS:
        return Next.FORCE_DETACH
    return Next.WAIT
