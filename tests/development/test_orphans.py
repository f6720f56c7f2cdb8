"""What tests start ends with them, whoever is killed, and however."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from development.checks import orphans
from emulator.processes import start_time
from lab.settings import CHECKOUT, OWNER_VARIABLE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CONFTEST = """\
import os
from development.checks.ending import Ending
from development.checks.orphans import adopt

def pytest_configure(config):
    if not os.environ.get("NOBODY_ADOPTS"):
        adopt()
    config.pluginmanager.register(Ending(), "ending")
"""
TESTS = """\
import os, signal, subprocess, time
from pathlib import Path
import pytest

HERE = Path(__file__).parent

def note(name, pid):
    (HERE / "new").write_text(str(pid))
    (HERE / "new").rename(HERE / name)

def started(name):
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    note(name, process.pid)
    return process

@pytest.fixture
def careful():
    process = started("careful")
    yield
    (HERE / "tears-down").touch()
    if (HERE / "slow").exists():
        time.sleep(float((HERE / "slow").read_text()))
    process.kill()
    process.wait()
    (HERE / "torn-down").touch()

def test_it(careful):
    started("careless")
    note("process", os.getpid())
    time.sleep(600)

def test_more():
    (HERE / "went-on").touch()
"""
RUN = """\
import signal, sys
from development.checks import ending
# Whatever this test was started from, a terminal or the background.
signal.signal(signal.SIGINT, signal.SIG_IGN if sys.argv[1] == "ignore" else signal.default_int_handler)
sys.exit(ending.run(sys.argv[2:]))
"""

TWO = ("-n", "2", "--dist", "loadfile")
"""Parallel processes, which share out files."""


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds; generous, because the machine may be busy."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.05)


class Running:
    """A run of pytest whose test starts processes and waits."""

    def __init__(self, folder: Path, *options: str, sigint: str = "default", adopts: bool = True) -> None:
        self.folder = folder
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = [sys.executable, "-c", RUN, sigint, "-p", "no:cacheprovider", *options, "test_it.py"]
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "NOBODY_ADOPTS": "" if adopts else "yes"}
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        eventually((folder / "process").exists, "the test runs")

    def pid(self, name: str) -> int:
        """A process that it has started."""
        return int((self.folder / name).read_text(encoding="utf-8"))

    def all_end(self) -> None:
        """Wait until it, its parallel processes and all that they have started have ended."""
        pids = {name: self.pid(name) for name in ("careful", "careless", "process")}
        assert self.process.wait(60) != 0
        for name, pid in pids.items():
            eventually(lambda pid=pid: start_time(pid) is None, f"{name} has ended")  # type: ignore[misc]
        assert not (self.folder / "went-on").exists()

    @property
    def output(self) -> str:
        """What it has printed."""
        return (self.folder / "output").read_text(encoding="utf-8")

    def tore_down(self) -> bool:
        """Whether its fixture was torn down."""
        return (self.folder / "torn-down").exists()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Begin a run, with options of pytest; nothing of it is left at the end."""
    runs: list[Running] = []

    def begin(*options: str, sigint: str = "default", adopts: bool = True) -> Running:
        runs.append(Running(tmp_path, *options, sigint=sigint, adopts=adopts))
        return runs[-1]

    yield begin
    for each in runs:
        each.process.kill()
        each.process.wait()


@pytest.mark.parametrize("options", [(), TWO])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_tears_down(run: Callable[..., Running], options: tuple[str, ...], number: int) -> None:
    """Fixtures are torn down, in parallel processes too, and no other test begins; what is left is ended."""
    running = run(*options)
    careless = running.pid("careless")
    running.process.send_signal(number)
    running.all_end()
    assert running.tore_down()
    # `ending.run` says so to whoever has called it.
    assert "KeyboardInterrupt" in running.output
    told = f"ended what tests had left running: {careless} (sleep)"
    eventually(lambda: told in running.output, "it says what it has ended")


def test_a_signal_to_all_processes_of_a_run_tears_down(run: Callable[..., Running]) -> None:
    """A terminal's Ctrl-C reaches each of them, and then the first passes it on: no reason to hurry."""
    running = run(*TWO)
    (running.folder / "slow").write_text("3", encoding="utf-8")
    os.kill(running.pid("process"), signal.SIGINT)
    eventually((running.folder / "tears-down").exists, "the fixture is being torn down")
    running.process.send_signal(signal.SIGINT)
    running.all_end()
    assert running.tore_down()


def test_sigterm_counts_where_sigint_is_ignored(run: Callable[..., Running]) -> None:
    """As in the background of a script; and a teardown may take longer than the ten seconds of xdist."""
    running = run(*TWO, sigint="ignore")
    (running.folder / "slow").write_text("12", encoding="utf-8")
    running.process.send_signal(signal.SIGINT)
    os.kill(running.pid("process"), signal.SIGINT)
    time.sleep(3)
    assert running.process.poll() is None
    assert not (running.folder / "tears-down").exists()
    running.process.send_signal(signal.SIGTERM)
    running.all_end()
    assert running.tore_down()


@pytest.mark.parametrize("options", [(), TWO])
def test_a_second_signal_ends_a_slow_teardown(run: Callable[..., Running], options: tuple[str, ...]) -> None:
    """It is passed on; what the fixtures have not removed is ended all the same."""
    running = run(*options)
    (running.folder / "slow").write_text("600", encoding="utf-8")
    running.process.send_signal(signal.SIGTERM)
    eventually((running.folder / "tears-down").exists, "the fixture is being torn down")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == -signal.SIGTERM
    running.all_end()
    assert not running.tore_down()


def test_a_second_signal_reaches_parallel_processes_at_once(run: Callable[..., Running]) -> None:
    """By itself one whose run has ended goes on for five seconds."""
    running = run(*TWO, adopts=False)
    parallel, careful, careless = (running.pid(name) for name in ("process", "careful", "careless"))
    try:
        (running.folder / "slow").write_text("600", encoding="utf-8")
        running.process.send_signal(signal.SIGTERM)
        eventually((running.folder / "tears-down").exists, "the fixture is being torn down")
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(10)
        ended = time.monotonic()
        eventually(lambda: start_time(parallel) is None, "the parallel process has ended")
        assert time.monotonic() - ended < 4
    finally:
        for pid in (careful, careless):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("victim", ["run", "parallel process"])
def test_sigkill_leaves_nothing(run: Callable[..., Running], victim: str) -> None:
    """Of the run, or of the process that has started all of it."""
    running = run("-n", "1", "--max-worker-restart", "0")
    os.kill(running.process.pid if victim == "run" else running.pid("process"), signal.SIGKILL)
    running.all_end()
    # A parallel process whose run is killed is told to end, and has time for it.
    assert running.tore_down() == (victim == "run")


def test_what_does_not_end_is_killed() -> None:
    """After the grace; a process with another owner, or none, is left alone."""
    deaf = ["sh", "-c", "trap '' TERM; echo; while sleep 0.1; do :; done"]
    owned = subprocess.Popen(deaf, env={**os.environ, OWNER_VARIABLE: "1/one"}, stdout=subprocess.PIPE)
    other = subprocess.Popen(["sleep", "600"], env={**os.environ, OWNER_VARIABLE: "1/one more"})
    try:
        assert owned.stdout is not None
        owned.stdout.readline()
        began = time.monotonic()
        # The process that sleeps has not seen the trap: it dies at once, and the next one, too.
        assert f"{owned.pid} (sh)" in orphans.end("1/one", grace_seconds=0.5)
        assert time.monotonic() - began >= 0.5
        assert owned.wait(10) == -signal.SIGKILL
        assert other.poll() is None
        assert orphans.end("1/one") == []
    finally:
        for process in (owned, other):
            process.kill()
            process.communicate()
