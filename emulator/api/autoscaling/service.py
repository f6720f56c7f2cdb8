"""The one Auto Scaling engine of this process, for parts that do not get it passed in."""

from emulator.api.autoscaling.engine import Engine

_installed: list[Engine] = []


def use(engine: Engine) -> None:
    """Make an engine the current one."""
    _installed[:] = [engine]


def current() -> Engine:
    """Return it.

    Raises:
        RuntimeError: `install` was not called.
    """
    if not _installed:
        raise RuntimeError("emulator.api.autoscaling.install(context) has not been called")
    return _installed[0]
