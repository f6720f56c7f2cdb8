"""Background work, in the AWS account and region of the request that caused it.

ministack runs its handlers on one event loop. Everything that blocks (machines, hooks,
waiting for a group to empty) is handed to the worker.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import ParamSpec

from ministack.core.responses import get_account_id, get_region, request_scope

log = logging.getLogger(__name__)

P = ParamSpec("P")
Job = Callable[[], object]


class Timer:
    """A job that waits for its time."""

    def __init__(self, job: Job, *, due: float) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._cancelled = False
        self._started = False
        self.due = due
        """On the clock of `time.monotonic()`."""

    def cancel(self) -> bool:
        """Keep the job from running; False if it has already started."""
        with self._lock:
            self._cancelled = True
            return not self._started

    def fire(self) -> None:
        """Run the job, unless it was cancelled."""
        with self._lock:
            if self._cancelled:
                return
            self._started = True
        self._job()


class Worker:
    """Runs jobs in threads of their own, at once or later."""

    def __init__(self, *, time_scale: float = 1.0) -> None:
        """`time_scale` stretches (above 1) or shortens (below 1) every wait: an option for tests."""
        if time_scale <= 0:
            raise ValueError(f"time_scale must be above 0, not {time_scale}")
        self.time_scale = time_scale
        self._queue: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._on_close: list[Callable[[], None]] = []
        threading.Thread(target=self._schedule, name="worker-timers", daemon=True).start()

    def run(self, fn: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run `fn` in a thread of its own. What it raises is logged, nothing else."""
        self._start(self._scoped(fn, *args, **kwargs))

    def later(self, seconds: float, fn: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Timer:
        """Run `fn` after so many seconds of emulated time; the timer can be cancelled."""
        job = self._scoped(fn, *args, **kwargs)
        timer = Timer(lambda: self._start(job), due=time.monotonic() + seconds * self.time_scale)
        with self._changed:
            heapq.heappush(self._queue, (timer.due, next(self._order), timer))
            self._changed.notify()
        return timer

    def sleep(self, seconds: float) -> bool:
        """Wait so many seconds of emulated time, in a worker thread; False if the emulator is closing."""
        return not self._closed.wait(seconds * self.time_scale)

    def reset(self) -> None:
        """Drop scheduled jobs; running ones are not interrupted."""
        with self._changed:
            for _, _, timer in self._queue:
                timer.cancel()
            self._queue.clear()

    def on_close(self, callback: Callable[[], None]) -> None:
        """Register what wakes those who wait for something else than this worker's clock."""
        self._on_close.append(callback)

    def close(self) -> None:
        """Start no more jobs and wake those that sleep. Safe to repeat."""
        self.reset()
        self._closed.set()
        for callback in self._on_close:
            callback()
        with self._changed:
            self._changed.notify()

    def _scoped(self, fn: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Job:
        account_id, region = get_account_id(), get_region()

        def job() -> None:
            with request_scope(account_id, region):
                try:
                    fn(*args, **kwargs)
                except Exception:
                    log.exception("background job %s failed", getattr(fn, "__qualname__", fn))

        return job

    def _start(self, job: Job) -> None:
        if not self._closed.is_set():
            threading.Thread(target=job, name="worker", daemon=True).start()

    def _schedule(self) -> None:
        while not self._closed.is_set():
            due_timers = []
            with self._changed:
                now = time.monotonic()
                while self._queue and self._queue[0][0] <= now:
                    due_timers.append(heapq.heappop(self._queue)[2])
                if not due_timers:
                    self._changed.wait(self._queue[0][0] - now if self._queue else None)
            for timer in due_timers:
                timer.fire()
