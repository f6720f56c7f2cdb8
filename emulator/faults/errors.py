"""What a client may hear instead of a result."""


class BreakError(RuntimeError):
    """The emulator cannot do what was asked; its message says why."""

    kind = "refused"


class UnknownTargetError(BreakError, LookupError):
    """There is no such machine, volume or switch, or the machine is off."""

    kind = "unknown"


class TimedOutError(BreakError, TimeoutError):
    """It took longer than the caller wanted to wait."""

    kind = "timed out"


class EmulatorNotRunningError(BreakError):
    """Nobody listens in the state folder."""

    kind = "not running"


def of_kind(kind: str, message: str) -> BreakError:
    """The error that the other side described."""
    return {error.kind: error for error in (UnknownTargetError, TimedOutError)}.get(kind, BreakError)(message)
