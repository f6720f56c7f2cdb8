"""`test`: the static checks and the tests."""

import os
from pathlib import Path

import pytest

from development.checks import static, suites
from development.checks.schedule import Schedule
from development.checks.suites import Suite
from development.checks.summary import Summary
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, Obstacle
from lab import environment, machine_choice, toolchain
from lab.settings import AUTOMATIC, CHECKOUT, REAL, Settings

_GOOD = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def run_checks(asked: list[Suite], *, file: Path | None, update: bool) -> None:
    """Run the suites (all if none is named) or one file; CommandError if anything failed."""
    wanted = set(asked) or set(Suite)
    progress = Progress()
    use_tools(progress)
    outcomes = static.run_all(progress) if Suite.LINT in wanted and file is None else []
    calls = [[str(file)]] if file is not None else suites.pytest_calls(wanted)
    options = ["--snapshot-update"] if update else []
    if file is None and not update and wanted != {Suite.MACHINES}:
        options += suites.parallel()
    if suites.has_machines(file) if file is not None else Suite.MACHINES in wanted:
        options += machine_options(progress, asked_for=file is not None or wanted == {Suite.MACHINES})
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    os.chdir(CHECKOUT)
    for call in calls:
        summary = Summary(static=outcomes, asked=wanted)
        if pytest.main([*call, *options], plugins=[summary, Schedule()]) not in _GOOD:
            failed.append(f"pytest {' '.join(call)}")
    if failed:
        raise CommandError("not everything passed", why=", ".join(failed))


def machine_options(progress: Progress, *, asked_for: bool) -> list[str]:
    """Get ready for real machines, or say why not; the option for pytest that goes with it."""
    kind = Settings.from_environment().machines
    if kind in {AUTOMATIC, REAL}:
        with progress.stage("Prepare real machines") as stage:
            obstacle = machine_choice.find_obstacle(stage)
    else:
        obstacle = Obstacle(why=f"KUBEQUORUM_MACHINES is {kind}", remedy="unset it")
    if obstacle is None:
        return ["--machines"]
    if asked_for or kind == REAL:
        raise CommandError("real machines cannot run here", why=obstacle.why, remedy=obstacle.remedy)
    progress.note(f"Left out: the tests on real machines, because {obstacle.why}.")
    return ["--no-machines", obstacle.why]


def use_tools(progress: Progress) -> None:
    """Tests synthesise and deploy with the pinned Node and CDK, and never with this user's AWS settings."""
    tools = toolchain.ensure(progress)
    environment.adopt({"PATH": tools.search_path(), "AWS_EC2_METADATA_DISABLED": "true"})
