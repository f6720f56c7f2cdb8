"""Ordered background work: jobs of one lane run one after another, lanes run side by side."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import ParamSpec

from ministack.core.responses import get_account_id, get_region, request_scope

from emulator.api.worker import Worker

log = logging.getLogger(__name__)

P = ParamSpec("P")


class Lanes:
    """Queues by name, e.g. one for each instance, so that it is stopped only after it was started."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Callable[[], None]]] = {}

    def submit(self, lane: str, fn: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run `fn` after everything that was submitted to this lane before. What it raises is logged."""
        account_id, region = get_account_id(), get_region()

        def job() -> None:
            with request_scope(account_id, region):
                try:
                    fn(*args, **kwargs)
                except Exception:
                    log.exception("job %s of %s failed", getattr(fn, "__qualname__", fn), lane)

        with self._lock:
            queue = self._queues.get(lane)
            if queue is not None:
                queue.append(job)
                return
            self._queues[lane] = deque([job])
        self._worker.run(self._drain, lane)

    def _drain(self, lane: str) -> None:
        while True:
            with self._lock:
                queue = self._queues[lane]
                if not queue:
                    del self._queues[lane]
                    return
                job = queue.popleft()
            job()
