"""The test suites: where they are, and how pytest is called for some or all of them."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from local.cli.settings import CHECKOUT


class Suite(StrEnum):
    """What can be asked for by name."""

    LINT = "lint"
    UNIT = "unit"
    SNAPSHOTS = "snapshots"
    EMULATOR = "emulator"
    DEPLOY = "deploy"


DEPLOY_MARKER = "deploy"
"""Marks tests of the suite `deploy`, wherever they are: they take minutes."""

# In the order in which pytest takes them: the long ones first, so that both processes end together.
_FOLDERS = {
    Suite.DEPLOY: "tests/local/deploy",
    Suite.EMULATOR: "tests/local",
    Suite.SNAPSHOTS: "tests/snapshots",
    Suite.UNIT: "tests/unit",
}


def of(path: str, markers: Iterable[str]) -> Suite | None:
    """The suite of a test, by its file and markers; None for a test outside of all suites."""
    if DEPLOY_MARKER in markers:
        return Suite.DEPLOY
    return next((suite for suite, folder in _FOLDERS.items() if path.startswith(f"{folder}/")), None)


def pytest_calls(suites: set[Suite]) -> list[list[str]]:
    """The arguments of the pytest runs that together cover the suites: one run if all are wanted."""
    wanted = suites - {Suite.LINT}
    if wanted == set(_FOLDERS):
        return [_folders(wanted)]
    quick = _folders(wanted - {Suite.DEPLOY})
    calls = [[*quick, "-m", f"not {DEPLOY_MARKER}"]] if quick else []
    if Suite.DEPLOY in wanted:
        calls.append([*_folders(set(_FOLDERS)), "-m", DEPLOY_MARKER])
    return calls


def parallel() -> list[str]:
    """Two processes; a file stays in one of them, as its tests share what they have started."""
    return ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def _folders(suites: set[Suite]) -> list[str]:
    wanted = [folder for suite, folder in _FOLDERS.items() if suite in suites]
    return [folder for folder in wanted if Path(CHECKOUT, folder).is_dir()]
