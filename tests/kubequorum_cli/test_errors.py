"""What failed and why, in one line."""

import pytest

from kubequorum_cli.errors import CommandError, reason_of


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            CommandError("no API server answers", why="timed out", remedy="wait"),
            "no API server answers: timed out",
        ),
        (CommandError("no API server answers"), "no API server answers"),
        (ValueError("not a number"), "not a number"),
        (ValueError(), "ValueError()"),
    ],
)
def test_a_reason_is_never_empty_and_has_no_loose_colon(error: Exception, expected: str) -> None:
    """Whatever failed."""
    assert reason_of(error) == expected
