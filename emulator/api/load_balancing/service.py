"""The one load balancing service of this process, for parts that do not get it passed in."""

from dataclasses import dataclass

from emulator.api.load_balancing.health import Health
from emulator.api.load_balancing.targets import Targets


@dataclass(frozen=True, kw_only=True)
class Balancing:
    """Targets and their health."""

    targets: Targets
    health: Health


_installed: list[Balancing] = []


def use(balancing: Balancing) -> None:
    """Make it the current one."""
    _installed[:] = [balancing]


def current() -> Balancing:
    """Return it.

    Raises:
        RuntimeError: `install` was not called.
    """
    if not _installed:
        raise RuntimeError("emulator.api.load_balancing.install(context) has not been called")
    return _installed[0]
