"""The log: one line an event, with a level, on standard error.

Where standard error is the journal, each line begins with its level as sd-daemon(3) defines it, so that
`journalctl -p err` finds what failed. The journal removes the prefix, also in what it copies to the console.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class Level(IntEnum):
    """Levels of a log line, as syslog(3) numbers them."""

    ERROR = 3
    WARNING = 4
    INFO = 6


def info(message: str) -> None:
    """Log what happens as planned."""
    _write(Level.INFO, message)


def warning(message: str) -> None:
    """Log what is not as it should be and does not stop the program: it retries, or continues without."""
    _write(Level.WARNING, message)


class WarningsOnce:
    """Warnings of something that is retried every few seconds: each different one is logged once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def warn(self, message: str) -> None:
        """Log a warning, unless it was logged before."""
        if message not in self._said:
            self._said.add(message)
            warning(message)


def error(message: str) -> None:
    """Log what failed and needs the attention of a person if it persists."""
    _write(Level.ERROR, message)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Log how something ended and how long it took; its failure is an error, and is raised again."""
    begin = time.monotonic()
    try:
        yield
    except BaseException as failure:
        error(f"{what}: FAILED after {time.monotonic() - begin:.1f} s: {failure}")
        raise
    info(f"{what}: done in {time.monotonic() - begin:.1f} s")


def _write(level: Level, message: str) -> None:
    shown = message if level is Level.INFO else f"{level.name.lower()}: {message}"
    text = f"kubequorum: {shown}"
    if _is_journal():
        # Each line of a message is an entry of its own.
        text = "\n".join(f"<{level}>{line}" for line in text.splitlines())
    # One write a message: threads log at the same time, and their lines must not mix.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _is_journal() -> bool:
    """Whether standard error is the journal, whose device and inode systemd.exec(5) names."""
    stream = os.environ.get("JOURNAL_STREAM")
    if stream is None:
        return False
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return stream == f"{found.st_dev}:{found.st_ino}"
