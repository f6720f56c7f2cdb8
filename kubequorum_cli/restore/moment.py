"""What a person may say after `--to`: the latest, a time, so long ago, or the id of a point."""

from datetime import datetime

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
        return durations.moment(words, now=now)
    except ValueError as error:
        raise UsageError(
            f"--to {text} is not a moment to restore to", why=str(error), remedy=f"--to {EXAMPLES}"
        ) from error
