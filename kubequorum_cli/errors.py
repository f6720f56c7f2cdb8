"""What a command reports when it cannot continue."""

from dataclasses import dataclass


class CommandError(Exception):
    """A failure that is explained to a person: what failed, why, and what to do about it."""

    def __init__(self, what: str, *, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy


class UsageError(CommandError):
    """The command was called in a way that cannot work."""


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why something cannot be done here, and what would change that."""

    why: str
    remedy: str
