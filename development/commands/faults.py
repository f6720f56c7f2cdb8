"""`faults` and `soak`: all trials of `tests/faults`, of which the suite `machines` runs a part."""

import os
from collections.abc import Sequence

import pytest

from development.checks import ending
from development.checks.suites import FAULTS_FOLDER
from development.commands.test import machine_options, use_tools
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, UsageError
from lab.settings import CHECKOUT

_TRIALS = (f"{FAULTS_FOLDER}/test_faults.py", f"{FAULTS_FOLDER}/test_unsafe_etcd.py")
_SOAK = f"{FAULTS_FOLDER}/test_soak.py"


def faults(name: str | None) -> None:
    """Try every fault, or those with a text in their name.

    Raises:
        UsageError: no fault has such a name.
        CommandError: machines cannot run here, or the cluster did not survive a fault.
    """
    chosen = ["-k", name] if name else []
    if _run([*_TRIALS, "--all-faults", *chosen]) == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UsageError(
            f"no fault has '{name}' in its name",
            remedy="the names are in tests/faults/catalog",
        )


def soak(*, seconds: int, seed: int | None) -> None:
    """Inject random faults into a cluster for so long.

    Raises:
        CommandError: machines cannot run here, or the cluster did not survive a fault.
    """
    chosen = [] if seed is None else ["--soak-seed", str(seed)]
    _run([_SOAK, "--soak-seconds", str(seconds), *chosen])


def _run(arguments: Sequence[str]) -> int:
    progress = Progress()
    use_tools(progress)
    options = machine_options(progress, asked_for=True, updates=True)
    os.chdir(CHECKOUT)
    # Trials take minutes, and report what they do.
    status = ending.run([*arguments, *options, "--capture=no"])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise CommandError(
            "the cluster did not survive every fault", why="see the table above, and build/faults.json"
        )
    return status
