"""What a client gets instead of a result."""


class FaultError(RuntimeError):
    """The emulator cannot do what was asked; the message says why."""

    kind = "refused"


class UnknownTargetError(FaultError, LookupError):
    """There is no such machine, volume or active fault, or the machine is off."""

    kind = "unknown"


class TimedOutError(FaultError, TimeoutError):
    """It took longer than the caller wanted to wait."""

    kind = "timed out"


class EmulatorNotRunningError(FaultError):
    """No emulator listens in the state folder."""

    kind = "not running"


def of_kind(kind: str, message: str) -> FaultError:
    """The error that the emulator described."""
    return {error.kind: error for error in (UnknownTargetError, TimedOutError)}.get(kind, FaultError)(message)
