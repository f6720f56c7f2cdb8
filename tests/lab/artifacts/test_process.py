"""Running long programs."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from lab.artifacts import process
from lab.artifacts.errors import BuildError
from lab.artifacts.process import run_logged


def test_failure_shows_the_end_of_the_output(tmp_path: Path) -> None:
    """The error of a failed build has its last lines, its status and the path of the log."""
    with pytest.raises(BuildError) as caught:
        run_logged(
            ["sh", "-c", "seq 100; echo why >&2; exit 3"], log=tmp_path / "log", heartbeat=lambda _: None
        )
    message = str(caught.value)
    assert "status 3" in message
    assert message.endswith("why")
    assert "\n  50\n" not in message
    assert str(tmp_path / "log") in message


def test_memory_of_the_largest_process_is_measured(tmp_path: Path) -> None:
    """The figure is that of the descendant which took most, not of the shell around it."""
    # More than this process itself: what it had when the shell was started counts for the shell.
    code = "python3 -c 'x = bytearray(1_500_000_000)'; true"
    usage = run_logged(["sh", "-c", code], log=tmp_path / "log", heartbeat=lambda _: None)
    assert 1_500_000_000 < usage.peak_process_bytes < 2_000_000_000


def test_interrupted_run_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a build runs ends the build with all its descendants."""
    monkeypatch.setattr(process, "_HEARTBEAT_SECONDS", 0.01)
    pids = tmp_path / "pids"

    def interrupt(_elapsed: float) -> None:
        if pids.exists() and len(pids.read_text(encoding="utf-8").split()) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_logged(
            ["sh", "-c", f"sleep 600 & echo $! $$ > {pids}; wait"], log=tmp_path / "log", heartbeat=interrupt
        )
    for pid in pids.read_text(encoding="utf-8").split():
        _wait_until_gone(int(pid))


def test_program_of_a_killed_caller_is_killed(tmp_path: Path) -> None:
    """Even SIGKILL of the process that waits for a build ends the build."""
    code = """
        import sys
        from pathlib import Path
        from lab.artifacts.process import run_logged
        script = f"echo $$ > {sys.argv[1]}/new; mv {sys.argv[1]}/new {sys.argv[1]}/pid; exec sleep 600"
        run_logged(["sh", "-c", script], log=Path(sys.argv[1], "log"), heartbeat=lambda _: None)
    """
    caller = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], cwd=Path(__file__).parents[3]
    )
    try:
        while not (tmp_path / "pid").exists():
            assert caller.poll() is None
    finally:
        caller.kill()
        caller.wait()
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    _wait_until_gone(pid)


def _wait_until_gone(pid: int) -> None:
    """A killed process remains for a moment; one that was not killed would sleep for minutes."""
    deadline = time.monotonic() + 30
    while _is_running(pid):
        assert time.monotonic() < deadline, f"{pid} still runs"


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")
