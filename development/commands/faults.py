"""`faults` and `soak`: the trials of `tests/faults`, which are tests of the suite `machines`, in full."""

import os
from collections.abc import Sequence

import pytest

from development.checks.suites import FAULTS_FOLDER
from development.commands.test import machine_options, use_tools
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, UsageError
from lab.settings import CHECKOUT

_TRIALS = (f"{FAULTS_FOLDER}/test_faults.py", f"{FAULTS_FOLDER}/test_unsafe_etcd.py")
_SOAK = f"{FAULTS_FOLDER}/test_soak.py"


def faults(name: str | None) -> None:
    """Try every fault, or those whose name has a text in it.

    Raises:
        UsageError: no fault has such a name.
        CommandError: machines cannot run here, or a fault was not survived.
    """
    chosen = ["-k", name] if name else []
    if _run([*_TRIALS, "--all-faults", *chosen]) == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UsageError(
            f"no fault is called '{name}', not even in part", remedy="their names are in tests/faults/catalog"
        )


def soak(*, seconds: int, seed: int | None) -> None:
    """Break a cluster by chance for so long.

    Raises:
        CommandError: machines cannot run here, or a fault was not survived.
    """
    chosen = [] if seed is None else ["--soak-seed", str(seed)]
    _run([_SOAK, "--soak-seconds", str(seconds), *chosen])


def _run(arguments: Sequence[str]) -> int:
    progress = Progress()
    use_tools(progress)
    options = machine_options(progress, asked_for=True)
    os.chdir(CHECKOUT)
    # Trials take minutes, and say what they do meanwhile.
    status = pytest.main([*arguments, *options, "--capture=no"])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise CommandError("not everything was survived", why="see the table above, and build/faults.json")
    return status
