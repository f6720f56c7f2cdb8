"""Ends a run of pytest in good order when it is asked to: fixtures remove what they have made.

SIGINT interrupts pytest, which then tears down; SIGTERM would end the process at once. And the processes of
xdist get ten seconds to end, and no word that they should: too little for a cluster of machines.
"""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

GRACE_SECONDS = 60.0
"""How long the parallel processes of a run may take to tear down."""


def run(arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """Run pytest in this process; its exit code.

    Raises:
        KeyboardInterrupt: a signal ended it. What it had started is removed.
    """
    interrupts = _Interrupts()
    status = pytest.main([*arguments], plugins=[*plugins, interrupts])
    if interrupts.seen:
        raise KeyboardInterrupt
    return status


class _Interrupts:
    """Whether a signal ended the run: pytest's exit code for it is also that of errors in collection."""

    def __init__(self) -> None:
        self.seen = False

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.seen |= _is_signal(excinfo)


class Ending:
    """A pytest plugin for every process of a run.

    The first SIGTERM or SIGINT interrupts the tests; the same signal again ends the process at once. The
    process that has the parallel ones passes both on. A SIGINT that this process was started to ignore, as
    by a shell in the background, stays ignored.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._nodes: list[WorkerController] = []
        self._before: dict[int, Any] = {}

    def pytest_sessionstart(self) -> None:
        """Listen to the signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)

    def pytest_unconfigure(self) -> None:
        """Listen no longer."""
        for number, earlier in self._before.items():
            signal.signal(number, earlier)
        self._before.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: "WorkerController") -> None:
        """Remember a parallel process."""
        self._nodes.append(node)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Interrupt the parallel processes, and wait until they have torn down."""
        if not _is_signal(excinfo):
            return
        self._pass_on()
        deadline = time.monotonic() + GRACE_SECONDS
        for node in self._nodes:
            # It tells of an error of the process in this way, too: nothing to wait for then either.
            with suppress(Exception):
                node.channel.waitclose(max(0.0, deadline - time.monotonic()))

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if number in self._seen:
            self._pass_on()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._seen.add(number)
        # Only the first of both: a terminal and the process above may each have sent theirs.
        if len(self._seen) == 1:
            raise KeyboardInterrupt

    def _pass_on(self) -> None:
        for node in self._nodes:
            with suppress(Exception):  # It may have ended, or not begun.
                os.kill(node.gateway._rinfo().pid, signal.SIGTERM)


def _is_signal(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether it is an interrupt of ours, and not one of pytest's own, e.g. for errors in collection."""
    return excinfo.type is KeyboardInterrupt
