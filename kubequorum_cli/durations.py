"""Durations as people write them: `90s`, `10m`, `2h`, `1d`."""

import re
from datetime import timedelta

from kubequorum_cli.errors import UsageError

_TEXT = re.compile(r"(\d+)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse(text: str) -> timedelta | None:
    """The duration that a text says; None if it says none.

    Raises:
        OverflowError: it is longer than any that can be calculated with.
    """
    found = _TEXT.fullmatch(text)
    return timedelta(**{_UNITS[found.group(2)]: int(found.group(1))}) if found else None


def of_option(text: str, *, option: str) -> timedelta:
    """The duration that somebody gave to an option; a number alone is seconds.

    Raises:
        UsageError: it is none.
    """
    try:
        found = parse(f"{text}s" if text.isdecimal() else text)
    except OverflowError:
        found = None
    if found is None:
        raise UsageError(
            f"{option} {text} is no duration",
            why="it is neither seconds nor a number with s, m, h or d, or it is too long",
            remedy=f"{option} 10m",
        )
    return found
