"""What may be said after --to; everything else is wrong usage, with the reason."""

from datetime import UTC, datetime, timedelta

import pytest

from kubequorum_cli.backups import Point
from kubequorum_cli.errors import UsageError
from kubequorum_cli.restore.moment import parse

NOW = datetime(2027, 1, 15, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latest", None),
        (" latest ", None),
        ("1/4711", Point(1, 4711)),
        ("90m", NOW - timedelta(minutes=90)),
        ("2d", NOW - timedelta(days=2)),
        ("0s", NOW),
        ("2027-01-15T12:30:00Z", NOW - timedelta(minutes=30)),
        ("2027-01-15 12:30", NOW - timedelta(minutes=30)),
        ("2027-01-15T13:30:00+01:00", NOW - timedelta(minutes=30)),
        ("2027-01-15", NOW - timedelta(hours=13)),
    ],
)
def test_moments(text: str, expected: object) -> None:
    """A time without a zone is UTC."""
    assert parse(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1h30m",
        "4711",
        "1/",
        "99999999999d",
        "2027-13-01",
        "-5m",
        "0001-01-01T00:00:00+14:00",
        "\0",
    ],
)
def test_other_words(text: str) -> None:
    """The error has examples of what would be right."""
    with pytest.raises(UsageError, match="is not a moment to restore to") as caught:
        parse(text, now=NOW)
    assert "latest" in caught.value.remedy


def test_the_future() -> None:
    """By the bucket's clock, which the error names."""
    with pytest.raises(UsageError) as caught:
        parse("2027-01-15T13:00:01Z", now=NOW)
    assert "2027-01-15T13:00:00Z" in caught.value.why
