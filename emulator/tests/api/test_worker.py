"""Background work: scope, timers, the time scale and the end."""

import threading
import time
from collections.abc import Iterator

import pytest
from ministack.core.responses import get_account_id, get_region, request_scope

from emulator.api.worker import Worker

_PATIENCE_SECONDS = 10.0


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker for which an hour takes 0.36 seconds."""
    started = Worker(time_scale=0.0001)
    yield started
    started.close()


def test_jobs_run_in_the_scope_of_the_caller(worker: Worker) -> None:
    """Account and region go along, at once and later."""
    seen: list[tuple[str, str]] = []
    done = threading.Semaphore(0)

    def job() -> None:
        seen.append((get_account_id(), get_region()))
        done.release()

    with request_scope("111111111111", "eu-west-1"):
        worker.run(job)
        worker.later(1, job)
    assert done.acquire(timeout=_PATIENCE_SECONDS)
    assert done.acquire(timeout=_PATIENCE_SECONDS)
    assert seen == [("111111111111", "eu-west-1")] * 2


def test_timers_run_in_the_order_of_their_time(worker: Worker) -> None:
    """What is due first runs first, whatever was submitted first."""
    order: list[str] = []
    done = threading.Event()

    def late() -> None:
        order.append("late")
        done.set()

    worker.later(7200, late)
    worker.later(1200, lambda: order.append("early"))
    assert done.wait(_PATIENCE_SECONDS)
    assert order == ["early", "late"]


def test_cancelled_timer_does_not_run(worker: Worker) -> None:
    """Cancelling says whether it came in time."""
    ran: list[str] = []
    done = threading.Event()
    first = worker.later(1200, lambda: ran.append("cancelled"))
    assert first.cancel()
    last = worker.later(2400, done.set)
    assert done.wait(_PATIENCE_SECONDS)
    assert ran == []
    assert not last.cancel()


def test_failed_job_is_logged(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """An exception ends neither the worker nor anything else; the log names the job."""
    done = threading.Event()

    def broken() -> None:
        raise RuntimeError("no such thing")

    worker.run(broken)
    worker.later(3600, done.set)
    assert done.wait(_PATIENCE_SECONDS)
    assert "no such thing" in caplog.text
    assert "broken" in caplog.text


def test_reset_drops_timers(worker: Worker) -> None:
    """After a reset, what was to run later does not."""
    ran: list[str] = []
    done = threading.Event()
    worker.later(1200, lambda: ran.append("forgotten"))
    worker.reset()
    worker.later(2400, done.set)
    assert done.wait(_PATIENCE_SECONDS)
    assert ran == []


def test_close_wakes_sleepers() -> None:
    """A job that sleeps for hours is woken at once when the emulator ends."""
    worker = Worker()
    results: list[bool] = []
    sleeper = threading.Thread(target=lambda: results.append(worker.sleep(7200)))
    sleeper.start()
    time.sleep(0.01)
    worker.close()
    sleeper.join(_PATIENCE_SECONDS)
    assert results == [False]


def test_time_scale_must_be_positive() -> None:
    """A clock that stands still or goes back is refused."""
    with pytest.raises(ValueError, match="not 0"):
        Worker(time_scale=0)
