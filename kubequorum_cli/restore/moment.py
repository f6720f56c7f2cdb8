"""What a person may say after `--to`: the latest, a time, so long ago, or the id of a point."""

from datetime import UTC, datetime

from kubequorum_cli import durations
from kubequorum_cli.backups import Point
from kubequorum_cli.errors import UsageError

LATEST = "latest"
EXAMPLES = (
    "latest, 2027-01-15T12:30:00Z, 90m (that long ago: s, m, h or d), or an id as in `kubequorum backups`"
)

Moment = Point | datetime | None
"""None: the latest."""


def parse(text: str, *, now: datetime) -> Moment:
    """What is meant. A time without a zone is UTC.

    Raises:
        UsageError: it is none of these, or in the future.
    """
    words = text.strip()
    if words == LATEST:
        return None
    if (point := Point.parse(words)) is not None:
        return point
    try:
        if (ago := durations.parse(words)) is not None:
            return now - ago
    except OverflowError as error:
        raise _wrong(text, "that is before the calendar begins") from error
    try:
        found = datetime.fromisoformat(words)
    except ValueError as error:
        raise _wrong(text, "it is no moment that this program knows") from error
    try:
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise _wrong(text, "that is outside of the calendar") from error
    if found > now:
        raise _wrong(text, f"it is in the future: by the bucket's clock it is {now:%Y-%m-%dT%H:%M:%SZ}")
    return found


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(f"--to {text} is not a moment to restore to", why=why, remedy=f"--to {EXAMPLES}")
