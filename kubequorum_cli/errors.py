"""What a command reports when it cannot continue."""

from dataclasses import dataclass


class CommandError(Exception):
    """A failure that is explained to a person: what failed, why, and what to do about it."""

    def __init__(self, what: str, *, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy


def reason_of(error: Exception) -> str:
    """What failed and why, in one line, where something else goes on without it."""
    if isinstance(error, CommandError):
        return f"{error.what}: {error.why}" if error.why else error.what
    return str(error) or repr(error)


class UsageError(CommandError):
    """The command was called in a way that cannot work."""


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why something cannot be done here, and what would change that."""

    why: str
    remedy: str
