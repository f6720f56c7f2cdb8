"""How this instance learns of its end: from its Auto Scaling group, or from EC2 that takes it back."""

import json
from datetime import UTC, datetime
from enum import Enum

from kubequorum_node.aws import imds
from kubequorum_node.aws.imds import Metadata
from kubequorum_node.clock import Clock, NotYetError, WaitError
from kubequorum_node.log import WarningsOnce, info, warning

NOTICE_SECONDS = 120.0
"""From EC2's notice until a spot instance is gone, if the notice is not late."""
_LEAST_SECONDS = 10.0
"""What is assumed to be left of a notice that seems to be over: this host's clock may be ahead."""
_POLL_SECONDS = 2.0
_TERMINATED = "Terminated"


class Ending(Enum):
    """How an instance ends."""

    TERMINATED = "terminated"
    """By its group, which waits for its terminate hook."""
    INTERRUPTED = "interrupted"
    """By EC2, which waits for nothing."""


class Endings:
    """Watches for the end of this instance. A metadata service that fails is asked again, without end."""

    def __init__(self, metadata: Metadata, clock: Clock, *, may_be_spot: bool) -> None:
        """`may_be_spot`: false for masters, which never are."""
        self._metadata = metadata
        self._clock = clock
        self._may_be_spot = may_be_spot
        self._end: float | None = None
        self._once = WarningsOnce()

    def wait(self) -> Ending:
        """Return once the group terminates this instance, or EC2 takes it back; says which.

        EC2 tells the group of an interruption afterwards: no hook waits for it then.
        """
        while not self._is_terminated():
            if self.instance_end() is not None:
                return Ending.INTERRUPTED
            self._clock.sleep(_POLL_SECONDS)
        info("the Auto Scaling group terminates this instance")
        return Ending.TERMINATED

    def wait_for_group(self) -> bool:
        """Whether the group terminates this instance, too, before EC2 has taken it back."""

        def look() -> None:
            if not self._is_terminated():
                raise NotYetError("the group does not terminate this instance")

        try:
            self._clock.poll("the group", look, seconds=NOTICE_SECONDS, pause=_POLL_SECONDS)
        except WaitError:
            return False
        return True

    def instance_end(self) -> float | None:
        """When EC2 takes this instance back, in seconds of the clock's `now`; None without a notice.

        A notice that was seen stays, whatever the metadata service says later.
        """
        if self._end is None and self._may_be_spot:
            notice = imds.ask(self._metadata.spot_notice, self._once)
            if notice is not None:
                left = seconds_left(notice, self._clock.wall_time())
                self._end = self._clock.now() + left
                warning(f"EC2 takes this spot instance back in {left:.0f} s: {notice}")
        return self._end

    def _is_terminated(self) -> bool:
        return imds.ask(self._metadata.target_lifecycle_state, self._once) == _TERMINATED


def seconds_left(notice: str, now: float) -> float:
    """How long an instance has, by EC2's notice.

    Args:
        notice: the text in `spot/instance-action`. Whatever its action is, the instance goes.
        now: seconds since 1970.

    """
    try:
        end = datetime.strptime(json.loads(notice)["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (ValueError, KeyError, TypeError) as error:
        warning(f"the notice has no time that could be read, {notice[:200]!r}: {error!r}")
        return NOTICE_SECONDS
    return min(max(end.timestamp() - now, _LEAST_SECONDS), NOTICE_SECONDS)
