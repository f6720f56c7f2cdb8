"""Durations that people give to options."""

from datetime import timedelta

import pytest

from kubequorum_cli import durations
from kubequorum_cli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)]
)
def test_durations(text: str, seconds: int) -> None:
    """A number alone is seconds."""
    assert durations.of_option(text, option="--wait") == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10 m", "-5m", "1h30m", "soon", "1.5h", "99999999999999d"])
def test_other_words_are_wrong_usage(text: str) -> None:
    """With the option and an example."""
    with pytest.raises(UsageError, match=r"--wait .*is no duration") as raised:
        durations.of_option(text, option="--wait")
    assert raised.value.remedy == "--wait 10m"
