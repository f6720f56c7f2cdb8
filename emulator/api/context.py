"""What the parts of the emulated API share; `install(context)` of each subpackage gets it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.api.sites import Sites
from emulator.api.worker import Worker
from emulator.faults.kill_at_line import KillAtLineFaults
from emulator.faults.store import ActiveFaults
from emulator.interfaces.machines import Machines
from emulator.times import QUICK, Times


@dataclass(frozen=True, kw_only=True)
class Context:
    """One running emulator."""

    machines: Machines
    """What runs behind the instances."""
    worker: Worker
    """For everything that blocks or waits: ministack's handlers run on one event loop."""
    api_url: str
    """Where the emulator listens, e.g. http://127.0.0.1:4566."""
    sites: Sites = field(default_factory=Sites)
    """Host names of AWS that serve documents to the world."""
    active_faults: ActiveFaults = field(default_factory=ActiveFaults)
    kill_at_line: KillAtLineFaults | None = None
    """Faults that kill programs on new machines."""
    times: Callable[[], Times] = lambda: QUICK
    """How long what a client cannot see takes, at the moment: a fault can change it."""
    new_groups: str = "in-service"
    """When CloudFormation takes a new Auto Scaling group for complete: once its instances are `in-service`,
    or as soon as they are `launched`. Which of the two AWS does is not written anywhere."""
    _resets: list[Callable[[], None]] = field(default_factory=list)

    def on_reset(self, callback: Callable[[], None]) -> None:
        """Register what empties a module's state, for tests that start over in one process."""
        self._resets.append(callback)

    def reset(self) -> None:
        """Empty all registered state and drop everything that was scheduled."""
        self.worker.reset()
        self.active_faults.clear_all()
        for callback in self._resets:
            callback()
