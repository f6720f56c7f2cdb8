"""Progress for a person: stages with their durations, and details; plain lines without a terminal.

Everything goes to stderr, so that stdout carries results only.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

_HEARTBEAT_SECONDS = 15.0
_WORST = 100_000


def stdout() -> Console:
    """For results. Without a terminal, lines are not wrapped at its width."""
    console = Console()
    return console if console.is_terminal else Console(width=160)


def stderr() -> Console:
    """For progress and errors."""
    console = Console(stderr=True)
    return console if console.is_terminal else Console(stderr=True, width=_WORST)


class Stage:
    """One stage of a command while it runs."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._began = time.monotonic()
        self._end: float | None = None
        self._detail = ""
        self._failed = False
        self._ended = threading.Event()
        self._status: Status | None = None
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    @property
    def seconds(self) -> float:
        """How long it has run so far, or ran."""
        return (self._end or time.monotonic()) - self._began

    def line(self, text: str) -> None:
        """A line that stays on the screen."""
        self._console.print(Text(f"  {text}"))

    def detail(self, text: str) -> None:
        """The current activity: shown beside the clock on a terminal, periodically elsewhere."""
        self._detail = text

    def fail(self) -> None:
        """Mark the stage as failed, without an exception."""
        self._failed = True

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status(Text(self._title))
            self._status.start()
        else:
            self._console.print(Text(self._title))
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end = time.monotonic()
        self._ended.set()
        self._ticker.join()
        if self._status is not None:
            self._status.stop()
        good = kind is None and not self._failed
        word, style = ("done", "green") if good else ("failed", "red")
        self._console.print(
            Text.assemble((word, style), f"  {self._title}", (f"  {self.seconds:.1f} s", "dim"))
        )

    def _tick(self) -> None:
        pause = 0.5 if self._status is not None else _HEARTBEAT_SECONDS
        while not self._ended.wait(pause):
            text = f"{self._title}  {self.seconds:.0f} s  {self._detail}".rstrip()
            if self._status is not None:
                self._status.update(Text(text, no_wrap=True, overflow="ellipsis"))
            else:
                self._console.print(Text(f"  {self.seconds:.0f} s  {self._detail or 'still running'}"))


class Progress:
    """Prints the stages of a command."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or stderr()

    @contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """A stage: its title, its details, and at the end its duration and whether it failed."""
        with Stage(self._console, title) as stage:
            yield stage

    def note(self, text: str) -> None:
        """A line on its own."""
        self._console.print(Text(text))
