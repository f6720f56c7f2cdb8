"""What never may be seen while something is done is looked for all the time."""

import threading

import pytest

from kubequorum_cli.errors import CommandError
from tests.faults.watching import never


def test_whatever_was_ever_seen_fails_at_the_end() -> None:
    """Also if it is over by then."""
    seen = threading.Event()

    def look() -> list[str]:
        found = [] if seen.is_set() else ["b left", "a left"]
        seen.set()
        return found

    with pytest.raises(AssertionError, match=r"^a left; b left"), never(look, pause_seconds=0.001):
        assert seen.wait(10)


def test_nothing_seen_is_right_only_if_somebody_looked() -> None:
    """A cluster that does not answer proves nothing."""
    looked = threading.Event()

    def fails() -> list[str]:
        looked.set()
        raise CommandError("the API does not answer")

    with pytest.raises(AssertionError, match="no look succeeded"), never(fails, pause_seconds=0.001):
        assert looked.wait(10)


def test_an_error_of_what_is_done_is_not_hidden() -> None:
    """It ends the looks, too."""
    with pytest.raises(ValueError, match="mine"), never(lambda: ["seen"], pause_seconds=0.001):
        raise ValueError("mine")
