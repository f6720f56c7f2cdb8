"""How much would be lost with all volumes: the age of the oldest change that is not in the bucket."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Coverage:
    """How old the newest acknowledged write may be that is not in the bucket yet."""

    since: float
    """Everything acknowledged before this time is in the bucket; by the clock that never goes back."""
    worst_seconds: float = 0.0
    """The largest lag that was seen."""
    _looks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=1000))

    def add_look(self, begun: float, revision: int) -> None:
        """At this time all acknowledged writes were at or below this revision."""
        self._looks.append((begun, revision))

    def update(self, end: int, *, now: float) -> None:
        """The bucket has everything up to a revision."""
        self.worst_seconds = max(self.worst_seconds, self.lag_seconds(now))
        while self._looks and self._looks[0][1] <= end:
            self.since = self._looks.popleft()[0]

    def lag_seconds(self, now: float) -> float:
        """How many seconds of writes would be lost with all volumes now."""
        return now - self.since
