"""The test suites: their folders, and the calls of pytest for some or all of them."""

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from lab.settings import CHECKOUT


class Suite(StrEnum):
    """What can be requested by name."""

    LINT = "lint"
    UNIT = "unit"
    SNAPSHOTS = "snapshots"
    EMULATOR = "emulator"
    DEPLOY = "deploy"
    MACHINES = "machines"


DEPLOY_MARKER = "deploy"
"""Marks tests of the suite `deploy`, in any folder: they take minutes."""

FAULTS_FOLDER = "tests/faults"
MACHINE_FOLDERS = ("tests/kubernetes", "emulator/tests/machines/nspawn", FAULTS_FOLDER)
"""Tests that boot real machines, whatever their markers: only where such machines can run."""
FOLDERS_WITH_ONE_DEPLOYMENT = ("tests/deploy/addons", "tests/deploy/local_cluster")
"""Their files share what the first of them deploys."""
_ADDONS_FOLDER = "tests/kubernetes/addons"
_UPDATES_FOLDER = "tests/faults"

# In the order in which pytest runs them: the long ones first, so that both processes end together.
_FOLDERS = {
    Suite.MACHINES: MACHINE_FOLDERS,
    Suite.DEPLOY: ("tests/deploy",),
    Suite.EMULATOR: (
        "emulator/tests",
        "tests/lab",
        "tests/backup",
        "tests/api_server",
        "tests/kubequorum_cli",
        "tests/benchmarks",
        "tests/development",
    ),
    Suite.SNAPSHOTS: ("tests/snapshots",),
    Suite.UNIT: ("tests/unit",),
}


def of(path: str, markers: Iterable[str]) -> Suite | None:
    """The suite of a test, by its file and markers; None for a test outside of all suites."""
    if needs_machines(path):
        return Suite.MACHINES
    if DEPLOY_MARKER in markers:
        return Suite.DEPLOY
    return next((suite for suite, folders in _FOLDERS.items() if _is_below(path, folders)), None)


def needs_machines(path: str) -> bool:
    """Whether a file of tests boots real machines; its path is relative to the checkout."""
    return _is_below(path, MACHINE_FOLDERS)


def has_machines(path: Path) -> bool:
    """Whether a file or folder has tests that boot real machines."""
    name = os.path.relpath(path, CHECKOUT)
    return needs_machines(f"{name}/") or any(_is_below(folder, (name,)) for folder in MACHINE_FOLDERS)


def has_all_addons(path: Path) -> bool:
    """Whether a file or folder has tests whose clusters have every addon that can be built."""
    name = os.path.relpath(path, CHECKOUT)
    return _is_below(f"{name}/", (_ADDONS_FOLDER,)) or _is_below(_ADDONS_FOLDER, (name,))


def has_updates(path: Path) -> bool:
    """Whether a file or folder has tests whose clusters are updated to another version of Kubernetes."""
    name = os.path.relpath(path, CHECKOUT)
    return _is_below(f"{name}/", (_UPDATES_FOLDER,)) or _is_below(_UPDATES_FOLDER, (name,))


def pytest_calls(suites: set[Suite]) -> list[list[str]]:
    """The arguments of the pytest runs that together cover the suites: one run for all of them."""
    wanted = suites - {Suite.LINT}
    if wanted == set(_FOLDERS):
        return [_folders(wanted)]
    without_machines = [f"--ignore={folder}" for folder in MACHINE_FOLDERS]
    quick = _folders(wanted - {Suite.DEPLOY, Suite.MACHINES})
    calls = [[*quick, "-m", f"not {DEPLOY_MARKER}", *without_machines]] if quick else []
    if Suite.DEPLOY in wanted:
        everywhere = _folders(set(_FOLDERS) - {Suite.MACHINES})
        calls.append([*everywhere, "-m", DEPLOY_MARKER, *without_machines])
    if Suite.MACHINES in wanted:
        calls.append(_folders({Suite.MACHINES}))
    return calls


def parallel() -> list[str]:
    """Two processes; see `schedule` for what stays together in one of them."""
    return ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def _folders(suites: set[Suite]) -> list[str]:
    wanted = [folder for suite, folders in _FOLDERS.items() if suite in suites for folder in folders]
    return [folder for folder in wanted if Path(CHECKOUT, folder).is_dir()]


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
