"""A pytest plugin: shows a failure at once, and names the tests that have been running for long.

A whole run takes the better part of an hour. What stops it half-way must not hide what it had found.
"""

import threading
import time
from collections.abc import Callable

import pytest

_LONG_SECONDS = 120.0
_LINES_SHOWN = 15


class Live:
    """What pytest would say at the end only, said while it runs."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is a clock, in seconds."""
        self._now = now
        self._running: dict[str, float] = {}
        self._over = threading.Event()
        self._terminal: pytest.TerminalReporter | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin to look at what runs."""
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if isinstance(terminal, pytest.TerminalReporter):
            self._terminal = terminal
        threading.Thread(target=self._look, daemon=True, name="live").start()

    def pytest_sessionfinish(self) -> None:
        """Stop looking."""
        self._over.set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Remember since when a test has been running."""
        self._running[nodeid] = self._now()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Forget it."""
        self._running.pop(nodeid, None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show the end of a failure; all of it comes at the end of the run."""
        if report.failed:
            lines = report.longreprtext.rstrip().splitlines()[-_LINES_SHOWN:]
            self._write(f"FAILED ({report.when}) {report.nodeid}", *(f"  {line}" for line in lines))

    def long_running(self) -> list[str]:
        """Tests that have been running for more than two minutes, each with its minutes."""
        now = self._now()
        return [
            f"{nodeid} ({(now - since) / 60:.0f} min)"
            for nodeid, since in list(self._running.items())
            if now - since >= _LONG_SECONDS
        ]

    def _look(self) -> None:
        while not self._over.wait(_LONG_SECONDS):
            if running := self.long_running():
                self._write(f"still running: {', '.join(running)}")

    def _write(self, *lines: str) -> None:
        if self._terminal is not None:
            self._terminal.ensure_newline()
            for line in lines:
                self._terminal.write_line(line)
