"""`test`: the static checks and the tests."""

import os
from pathlib import Path

import pytest

from development.checks import durations, ending, static, suites
from development.checks.live import Live
from development.checks.schedule import Schedule
from development.checks.suites import Suite
from development.checks.summary import Summary
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, Obstacle
from lab import cluster_file, environment, machine_choice, machine_image, toolchain
from lab.artifacts import ArtifactError
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.kubernetes_versions import OTHER_MODULES
from lab.settings import AUTOMATIC, CHECKOUT, REAL, Settings

_GOOD = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def run_checks(asked: list[Suite], *, file: Path | None, update: bool) -> None:
    """Run the suites (all if none is named) or one file.

    Raises:
        CommandError: a check or a test failed.
        KeyboardInterrupt: SIGTERM or SIGINT ended the tests; what they had started is removed.
    """
    wanted = set(asked) or set(Suite)
    progress = Progress()
    if file is None:
        _announce(wanted, progress)
    if wanted != {Suite.LINT} or file is not None:
        use_tools(progress)
    outcomes = static.run_all(progress) if Suite.LINT in wanted and file is None else []
    calls = [[str(file)]] if file is not None else suites.pytest_calls(wanted)
    options = ["--snapshot-update"] if update else []
    if file is None and not update and wanted != {Suite.MACHINES}:
        options += suites.parallel()
    if suites.has_machines(file) if file is not None else Suite.MACHINES in wanted:
        options += machine_options(
            progress,
            asked_for=file is not None or wanted == {Suite.MACHINES},
            addon_images=_addon_images(every=file is None or suites.has_all_addons(file)),
            updates=file is None or suites.has_updates(file),
        )
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    measured = {str(Suite.LINT): sum(outcome.seconds for outcome in outcomes)} if outcomes else {}
    os.chdir(CHECKOUT)
    for call in calls:
        summary = Summary(static=outcomes, asked=wanted)
        if ending.run([*call, *options], plugins=[summary, Schedule(), Live()]) not in _GOOD:
            failed.append(f"pytest {' '.join(call)}")
        measured |= summary.seconds_of_whole_suites()
    if file is None and not update:
        durations.record(measured)
    if failed:
        raise CommandError("not everything passed", why=", ".join(failed))


def machine_options(
    progress: Progress,
    *,
    asked_for: bool,
    addon_images: tuple[str, ...] | None = None,
    updates: bool = False,
) -> list[str]:
    """Prepare real machines, or find out why they cannot run; the option for pytest.

    Args:
        progress: shows what is installed or built.
        asked_for: whether to fail where they cannot run.
        addon_images: images of addons that they must have; None for those of clusters/local.yaml.
        updates: whether clusters are updated to other versions of Kubernetes.

    Raises:
        CommandError: they cannot run, and are asked for.
    """
    kind = Settings.from_environment().machines
    obstacle = _unwanted()
    if obstacle is None:
        with progress.stage("Prepare real machines") as stage:
            wanted = _addon_images() if addon_images is None else addon_images
            obstacle = machine_choice.find_obstacle(
                stage, wanted, further_versions=OTHER_MODULES if updates else ()
            )
    if obstacle is None:
        return ["--machines"]
    if asked_for or kind == REAL:
        raise CommandError("real machines cannot run here", why=obstacle.why, remedy=obstacle.remedy)
    progress.note(f"Without the tests on real machines, because {obstacle.why}.")
    return ["--no-machines", obstacle.why]


def use_tools(progress: Progress) -> None:
    """Use the pinned Node and CDK for synthesis and deployments, and never this user's AWS settings."""
    tools = toolchain.ensure(progress)
    environment.adopt({"PATH": tools.search_path(), "AWS_EC2_METADATA_DISABLED": "true"})


def _addon_images(*, every: bool = False) -> tuple[str, ...]:
    """Images of the addons of clusters/local.yaml, or of every addon that can be built.

    Built before the tests: a build takes minutes, and a test that waits for it would be out of time.
    """
    if every:
        return tuple(name for name, image in IMAGES.items() if image.addon and not image.is_mirrored)
    return cluster_file.read(Settings().default_cluster).addon_images


def _unwanted() -> Obstacle | None:
    """Why real machines are not wanted; None if they are."""
    kind = Settings.from_environment().machines
    if kind in {AUTOMATIC, REAL}:
        return None
    return Obstacle(why=f"KUBEQUORUM_MACHINES is {kind}", remedy="unset it")


def _announce(wanted: set[Suite], progress: Progress) -> None:
    """Say how long it will take, and why."""
    obstacle = _unwanted() or machine_choice.find_obvious_obstacle()
    build_seconds = 0.0
    if obstacle is None and Suite.MACHINES in wanted:
        try:
            build_seconds = machine_image.build_seconds(
                _addon_images(every=True), further_versions=OTHER_MODULES
            )
        except ArtifactError as error:
            obstacle = Obstacle(why=str(error).rstrip("."), remedy="")
    reason = obstacle.why if obstacle is not None else None
    progress.note(durations.known().announcement(wanted, no_machines=reason, build_seconds=build_seconds))
