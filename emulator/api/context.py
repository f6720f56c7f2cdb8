"""What the parts of the embedded AWS share; `install(context)` of each subpackage gets it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.api.faults.kills import Kills
from emulator.api.faults.switches import Switches
from emulator.api.machines import Machines
from emulator.api.worker import Worker


@dataclass(frozen=True, kw_only=True)
class Context:
    """One running emulator."""

    machines: Machines
    """What runs behind the instances."""
    worker: Worker
    """For everything that blocks or waits: ministack's handlers run on one event loop."""
    api_url: str
    """Where the emulator listens, e.g. http://127.0.0.1:4566."""
    switches: Switches = field(default_factory=Switches)
    """What is broken on purpose."""
    kills: Kills | None = None
    """Programs on new machines that are killed on purpose."""
    new_groups: str = "in-service"
    """When CloudFormation takes a new Auto Scaling group for complete: once its instances are `in-service`,
    or as soon as they are `launched`. Which of the two AWS does is not written anywhere."""
    _resets: list[Callable[[], None]] = field(default_factory=list)

    def on_reset(self, callback: Callable[[], None]) -> None:
        """Register what empties a module's state, for tests that begin anew in one process."""
        self._resets.append(callback)

    def reset(self) -> None:
        """Forget all state that was registered, and everything that was to happen later."""
        self.worker.reset()
        self.switches.clear()
        for callback in self._resets:
            callback()
