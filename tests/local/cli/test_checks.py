"""What `test` runs: which pytest calls, which shell scripts, and the summary at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.cli.checks import static, suites
from local.cli.checks.suites import Suite
from local.cli.settings import CHECKOUT


def test_all_suites_are_one_run_of_pytest() -> None:
    """One run, so that its closing line counts everything."""
    (call,) = suites.pytest_calls(set(Suite))
    assert "-m" not in call
    assert "tests/local" in call


def test_quick_suites_leave_the_deployments_out() -> None:
    """A test that deploys is left out wherever it is, unless it is asked for."""
    assert suites.pytest_calls({Suite.EMULATOR}) == [["tests/local", "-m", "not deploy"]]
    (call,) = suites.pytest_calls({Suite.DEPLOY})
    assert call[-2:] == ["-m", "deploy"]
    assert suites.pytest_calls({Suite.LINT}) == []


def test_tests_are_counted_where_they_belong() -> None:
    """The marker decides before the folder."""
    assert suites.of("tests/unit/test_x.py", []) is Suite.UNIT
    assert suites.of("tests/local/cli/test_x.py", ["deploy"]) is Suite.DEPLOY
    assert suites.of("elsewhere/test_x.py", []) is None


def test_shell_scripts_are_found_by_name_and_by_first_line() -> None:
    """Those without a suffix count, too; Python programs do not."""
    found = static.shell_scripts()
    assert {"kubequorum", ".ci/run", "local/machines/process/init.sh"} <= set(found)
    assert not any(name.endswith(".py") for name in found)


SAMPLE = """\
import pytest

def test_good(): pass
@pytest.mark.skip(reason="no such machine here")
def test_skipped(): pass
@pytest.mark.deploy
def test_bad(): assert False
"""

RUN = """\
import sys, pytest
from local.cli.checks.static import Outcome
from local.cli.checks.suites import Suite
from local.cli.checks.summary import Summary
static = [Outcome(name="mypy", passed=False, seconds=1.5)]
sys.exit(pytest.main(sys.argv[1:], plugins=[Summary(static=static, asked={Suite.UNIT, Suite.SNAPSHOTS})]))
"""


@pytest.mark.parametrize("options", [[], ["-n", "2"]])
def test_the_summary_says_what_ran_and_why_something_did_not(tmp_path: Path, options: list[str]) -> None:
    """Counts by suite, reasons, static checks, suites without tests; pytest's own line stays the last."""
    file = tmp_path / "tests" / "unit" / "test_sample.py"
    file.parent.mkdir(parents=True)
    file.write_text(SAMPLE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = deploy\n")
    done = subprocess.run(
        [sys.executable, "-c", RUN, "-p", "no:cacheprovider", "tests", *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    table = [line.split() for line in lines if line.endswith(" s") and line[0] != "="]
    rows = {words[0]: " ".join(words[1:-2]) for words in table}
    assert rows == {
        "mypy": "FAILED",
        "unit": "1 passed, 1 skipped",
        "snapshots": "has no tests",
        "emulator": "not asked for",
        "deploy": "1 failed",
    }
    assert "skipped 1: no such machine here" in lines
    assert "1 failed, 1 passed, 1 skipped" in lines[-1]
