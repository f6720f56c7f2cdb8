"""What a run of the tests shows while it lasts."""

import subprocess
import sys
from pathlib import Path

from development.checks.live import Live
from lab.settings import CHECKOUT


def test_a_failure_is_shown_while_the_others_still_run(tmp_path: Path) -> None:
    """With the reason, before pytest's own list; also of a test that hangs, which fails by its time-out."""
    (tmp_path / "test_it.py").write_text(
        "import time, pytest\n"
        "def test_bad(): assert 'the reason' == ''\n"
        "@pytest.mark.timeout(1)\n"
        "def test_hangs(): time.sleep(30)\n"
        "def test_good(): print('it runs', flush=True)\n",
        encoding="utf-8",
    )
    script = (
        "import sys, pytest\n"
        "from development.checks.live import Live\n"
        "sys.exit(pytest.main(['-s', '-p', 'no:cacheprovider', sys.argv[1]], plugins=[Live()]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    before, _, _ = done.stdout.partition("it runs")
    assert "FAILED (call) " in before, done.stdout + done.stderr
    assert "the reason" in before
    assert "Timeout (>1.0s)" in before
    assert done.returncode == 1


def test_what_runs_for_long_is_named() -> None:
    """Once it has been running for two minutes, and no longer when it has ended."""
    now = [0.0]
    live = Live(now=lambda: now[0])
    live.pytest_runtest_logstart("test_a")
    now[0] = 60
    live.pytest_runtest_logstart("test_b")
    assert live.long_running() == []
    now[0] = 150
    assert live.long_running() == ["test_a (2 min)"]
    live.pytest_runtest_logfinish("test_a")
    assert live.long_running() == []
