"""`test`: the static checks and the tests."""

import os
from pathlib import Path

import pytest

from local.cli import environment, toolchain
from local.cli.checks import static, suites
from local.cli.checks.suites import Suite
from local.cli.checks.summary import Summary
from local.cli.console import Progress
from local.cli.errors import CommandError
from local.cli.settings import CHECKOUT

_GOOD = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def run_checks(asked: list[Suite], *, file: Path | None, update: bool) -> None:
    """Run the suites (all if none is named) or one file; CommandError if anything failed."""
    wanted = set(asked) or set(Suite)
    progress = Progress()
    _use_tools(progress)
    outcomes = static.run_all(progress) if Suite.LINT in wanted and file is None else []
    calls = [[str(file)]] if file is not None else suites.pytest_calls(wanted)
    options = ["--snapshot-update"] if update else []
    if file is None and not update and wanted != {Suite.UNIT}:
        options += suites.parallel()
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    os.chdir(CHECKOUT)
    for call in calls:
        summary = Summary(static=outcomes, asked=wanted)
        if pytest.main([*call, *options], plugins=[summary]) not in _GOOD:
            failed.append(f"pytest {' '.join(call)}")
    if failed:
        raise CommandError("not everything passed", why=", ".join(failed))


def _use_tools(progress: Progress) -> None:
    """Tests synthesise and deploy with the pinned Node and CDK, and never with this user's AWS settings."""
    tools = toolchain.ensure(progress)
    environment.adopt({"PATH": tools.search_path(), "AWS_EC2_METADATA_DISABLED": "true"})
