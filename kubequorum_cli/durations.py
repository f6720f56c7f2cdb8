"""Durations and moments as people write them: `90s`, `10m`, `2h`, `1d`; `2027-01-15T12:30:00Z`."""

import re
from datetime import UTC, datetime, timedelta

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


def moment(text: str, *, now: datetime) -> datetime:
    """The moment that a text says: a time, or a duration for so long ago. A time without a zone is UTC.

    Raises:
        ValueError: it says none, or one in the future; with the reason for a person.
    """
    try:
        if (ago := parse(text)) is not None:
            return now - ago
    except OverflowError as error:
        raise ValueError("that is before the calendar begins") from error
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("it is no moment that this program knows") from error
    try:
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("that is outside of the calendar") from error
    if found > now:
        raise ValueError(f"it is in the future: by the clock of AWS it is {now:%Y-%m-%dT%H:%M:%SZ}")
    return found
