"""What `test` runs: which pytest calls, which shell scripts, and the summary at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

from development.checks import static, suites
from development.checks.suites import Suite
from development.commands import test as command
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, Obstacle
from lab import machine_choice
from lab.settings import CHECKOUT


def test_all_suites_are_one_run_of_pytest() -> None:
    """One run, so that its closing line counts everything."""
    (call,) = suites.pytest_calls(set(Suite))
    assert "-m" not in call
    assert "emulator/tests" in call
    # The longest of all begins at once.
    assert call[0] == "tests/kubernetes"


def test_quick_suites_leave_deployments_and_machines_out() -> None:
    """A test that deploys is left out wherever it is, unless it is asked for; so are machines."""
    without = [f"--ignore={folder}" for folder in suites.MACHINE_FOLDERS]
    (call,) = suites.pytest_calls({Suite.EMULATOR})
    assert call[0] == "emulator/tests"
    assert call[-2 - len(without) :] == ["-m", "not deploy", *without]
    (call,) = suites.pytest_calls({Suite.DEPLOY})
    assert call[-2 - len(without) :] == ["-m", "deploy", *without]
    assert suites.pytest_calls({Suite.MACHINES}) == [list(suites.MACHINE_FOLDERS)]
    assert suites.pytest_calls({Suite.LINT}) == []


def test_machines_are_requested_with_any_folder_that_has_their_tests() -> None:
    """From a folder above them down to one file; others do without."""
    for name in ("tests", "tests/kubernetes", "emulator/tests/machines/nspawn/test_boot.py"):
        assert suites.has_machines(CHECKOUT / name), name
    for name in ("tests/unit", "emulator/tests/machines/test_imds.py", "tests/deploy"):
        assert not suites.has_machines(CHECKOUT / name), name


def test_programs_of_addons_are_built_before_the_tests_that_wait_for_them() -> None:
    """From a folder above them down to one file; others need not wait for a build."""
    for name in (
        "tests",
        "tests/kubernetes",
        "tests/kubernetes/addons",
        "tests/kubernetes/addons/test_dns.py",
    ):
        assert suites.has_all_addons(CHECKOUT / name), name
    for name in ("tests/kubernetes/test_cluster.py", "tests/kubernetes/attacks"):
        assert not suites.has_all_addons(CHECKOUT / name), name
    assert {"external-dns", "metrics-server"} <= set(command._addon_images(every=True))
    assert "headlamp" not in command._addon_images(every=True)


def test_where_machines_cannot_run_their_tests_are_left_out_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of them is skipped with it; requested by name, they are an error."""
    monkeypatch.delenv("KUBEQUORUM_MACHINES", raising=False)
    obstacle = Obstacle(why="they need root", remedy="sudo")
    monkeypatch.setattr(machine_choice, "find_obstacle", lambda *_, **__: obstacle)
    assert command.machine_options(Progress(), asked_for=False) == ["--no-machines", "they need root"]
    with pytest.raises(CommandError, match="cannot run here"):
        command.machine_options(Progress(), asked_for=True)
    monkeypatch.setattr(machine_choice, "find_obstacle", lambda *_, **__: None)
    assert command.machine_options(Progress(), asked_for=False) == ["--machines"]
    monkeypatch.setenv("KUBEQUORUM_MACHINES", "process")
    assert command.machine_options(Progress(), asked_for=False)[0] == "--no-machines"


def test_tests_are_counted_where_they_belong() -> None:
    """The marker decides before the folder."""
    assert suites.of("tests/unit/test_x.py", []) is Suite.UNIT
    assert suites.of("tests/lab/test_x.py", ["deploy"]) is Suite.DEPLOY
    assert suites.of("tests/kubernetes/test_x.py", ["deploy"]) is Suite.MACHINES
    assert suites.of("emulator/tests/machines/test_x.py", []) is Suite.EMULATOR
    assert suites.of("elsewhere/test_x.py", []) is None


@pytest.mark.parametrize("options", [["--no-machines", "they need root"], []])
def test_a_skipped_test_has_a_reason(options: list[str]) -> None:
    """Without an option nothing boots; the reason has the command for it, or why it cannot."""
    file = "emulator/tests/machines/nspawn/test_boot.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options, file],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert " passed" not in done.stdout
    reason = options[-1] if options else "make test-machines"
    assert reason in done.stdout


@pytest.mark.parametrize(
    ("shared", "together"),
    [
        (suites.MACHINE_FOLDERS[0], True),
        *((each, True) for each in suites.FOLDERS_WITH_ONE_DEPLOYMENT),
        ("tests/unit", False),
    ],
)
def test_tests_that_share_what_they_start_stay_in_one_process(
    tmp_path: Path, shared: str, together: bool
) -> None:
    """Two files of such a folder share a process and go one after the other; others need not."""
    assert (CHECKOUT / shared).is_dir()
    folder = tmp_path / shared
    folder.mkdir(parents=True)
    for name in "ab":
        meet = f"import os, time\ndef test_it(): open('{tmp_path}/{name}', 'w').write(str(os.getpid()))\n"
        (folder / f"test_{name}.py").write_text(f"{meet}def test_more(): time.sleep(0.5)\n")
    run = "import pytest, sys; from development.checks.schedule import Schedule; "
    run += "sys.exit(pytest.main(sys.argv[1:], plugins=[Schedule()]))"
    subprocess.run(
        [sys.executable, "-c", run, "-p", "no:cacheprovider", *suites.parallel(), "tests"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(CHECKOUT)},
        check=True,
    )
    processes = {(tmp_path / name).read_text() for name in "ab"}
    assert len(processes) == (1 if together else 2)


def test_shell_scripts_are_found_by_name_and_by_first_line() -> None:
    """Those without a suffix count, too; Python programs do not."""
    found = static.shell_scripts()
    assert {"kubequorum", ".ci/run", "emulator/machines/process/init.sh"} <= set(found)
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
from development.checks.static import Outcome
from development.checks.suites import Suite
from development.checks.summary import Summary
static = [Outcome(name="mypy", passed=False, seconds=1.5)]
sys.exit(pytest.main(sys.argv[1:], plugins=[Summary(static=static, asked={Suite.UNIT, Suite.SNAPSHOTS})]))
"""


@pytest.mark.parametrize("options", [[], ["-n", "2"]])
def test_the_summary_has_what_ran_and_why_something_did_not(tmp_path: Path, options: list[str]) -> None:
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
        "machines": "not asked for",
    }
    assert "skipped 1: no such machine here" in lines
    assert "1 failed, 1 passed, 1 skipped" in lines[-1]
