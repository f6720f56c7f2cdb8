"""How often AWS is asked, whatever asks: Auto Scaling, EC2 and CloudFormation throttle whole accounts."""

import threading
import time
from collections.abc import Callable

from kubequorum_cli.target import Target

_PER_SECOND = 1.0
_AT_ONCE = 60
"""So many requests need not wait: all of the first look, about as many as `status` makes."""


class Pace:
    """Lets requests through: some at once, from then on one a second."""

    def __init__(
        self,
        *,
        at_once: int = _AT_ONCE,
        per_second: float = _PER_SECOND,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`now` is a clock in seconds; `sleep` waits for so many."""
        self._free = float(at_once)
        self._at_once = at_once
        self._per_second = per_second
        self._now, self._sleep = now, sleep
        self._counted = now()
        self._lock = threading.Lock()

    def keep(self, target: Target) -> None:
        """Let all clients that the target makes from now on keep it together, retries included."""
        target.session.events.register("before-send", self.wait)

    def wait(self, **_request: object) -> None:
        """Return when a request may be sent: botocore emits its event `before-send` for each try."""
        with self._lock:
            now = self._now()
            earned = (now - self._counted) * self._per_second
            self._free = min(self._at_once, self._free + earned) - 1
            self._counted = now
            owed = -self._free / self._per_second
        if owed > 0:
            self._sleep(owed)
