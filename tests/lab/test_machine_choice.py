"""Which machines `up` chooses: checked in a fixed order, and what is missing is reported."""

import io
import os
import sys

import pytest
from rich.console import Console

from emulator.machines import nspawn
from kubequorum_cli.console import Progress, Stage
from kubequorum_cli.errors import CommandError, Obstacle, UsageError
from lab import machine_choice, machine_image
from lab.artifacts import host_packages
from lab.artifacts.errors import DiskSpaceError, MissingToolError
from lab.machine_choice import choose
from lab.settings import Settings

OBSTACLE = Obstacle(why="they need root", remedy="become root")


@pytest.fixture
def screen() -> io.StringIO:
    """The output for a person."""
    return io.StringIO()


@pytest.fixture
def progress(screen: io.StringIO) -> Progress:
    """Progress written there."""
    return Progress(Console(file=screen, width=1000))


@pytest.fixture
def stage(screen: io.StringIO) -> Stage:
    """A stage written there."""
    return Stage(Console(file=screen, width=1000), "Get ready")


def _found(monkeypatch: pytest.MonkeyPatch, obstacle: Obstacle | None) -> None:
    monkeypatch.setattr(machine_choice, "find_obstacle", lambda *_, **__: obstacle)


def test_machines_are_chosen_unless_the_environment_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset and empty both mean an automatic choice."""
    monkeypatch.delenv("KUBEQUORUM_MACHINES", raising=False)
    assert Settings.from_environment().machines == "auto"
    monkeypatch.setenv("KUBEQUORUM_MACHINES", "")
    assert Settings.from_environment().machines == "auto"
    monkeypatch.setenv("KUBEQUORUM_MACHINES", "process")
    assert Settings.from_environment().machines == "process"


def test_images_with_other_versions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the image ids of cluster files; a version that cannot be built is refused at once."""
    assert Settings.from_environment().further_images == {}
    monkeypatch.setenv("KUBEQUORUM_IMAGES", "ami-1=1.37.2  ami-2=1.37.2")
    assert Settings.from_environment().further_images == {"ami-1": "1.37.2", "ami-2": "1.37.2"}
    for wrong in ("ami-1", "ami-1=", "=1.37.2"):
        monkeypatch.setenv("KUBEQUORUM_IMAGES", f"ami-2=1.37.2 {wrong}")
        with pytest.raises(UsageError, match="KUBEQUORUM_IMAGES") as caught:
            Settings.from_environment()
        assert repr(wrong) in str(caught.value.why)


def test_a_further_version_that_cannot_be_built_is_refused_at_once() -> None:
    """Machines with that image would have another one."""
    with pytest.raises(UsageError, match=r"Kubernetes 1\.36\.2$") as caught:
        choose("auto", Progress(), further_versions=["1.36.3", "1.37.2", "1.36.2"])
    assert "1.37.2" in str(caught.value.remedy)


def test_real_machines_are_chosen_where_they_can_run(
    monkeypatch: pytest.MonkeyPatch, progress: Progress
) -> None:
    """Nothing is missing then, and nothing is reported."""
    _found(monkeypatch, None)
    choice = choose("auto", progress)
    assert (choice.kind, choice.explanation()) == ("nspawn", "")


def test_elsewhere_processes_are_chosen_and_the_reason_is_reported(
    monkeypatch: pytest.MonkeyPatch, progress: Progress, screen: io.StringIO
) -> None:
    """Two lines: what is missing and why, and the remedy."""
    _found(monkeypatch, OBSTACLE)
    choice = choose("auto", progress)
    assert choice.kind == "process"
    what, how = choice.explanation().splitlines()
    assert "Kubernetes" in what
    assert "they need root" in what
    assert "become root" in how
    assert choice.explanation() in screen.getvalue()


def test_machines_requested_by_name_are_not_replaced(
    monkeypatch: pytest.MonkeyPatch, progress: Progress
) -> None:
    """Real ones that cannot run are an error; processes are chosen without any check."""
    _found(monkeypatch, OBSTACLE)
    with pytest.raises(CommandError, match="cannot run here") as raised:
        choose("nspawn", progress)
    assert "they need root" in raised.value.why
    monkeypatch.setattr(machine_choice, "find_obstacle", lambda *_, **__: pytest.fail("looked"))
    assert choose("process", progress).kind == "process"
    assert choose("none", progress).kind == "none"


def test_an_unknown_kind_is_wrong_usage(progress: Progress) -> None:
    """The message names the variable, the value and the choices."""
    with pytest.raises(UsageError, match="KUBEQUORUM_MACHINES is 'docker'") as raised:
        choose("docker", progress)
    assert "auto, nspawn, process or none" in raised.value.remedy


def test_a_running_embedded_aws_keeps_its_machines(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second `up` keeps the choice, and refuses other machines."""
    monkeypatch.setattr(machine_choice, "find_obstacle", lambda *_, **__: pytest.fail("looked"))
    assert choose("auto", progress, running="nspawn").kind == "nspawn"
    assert choose("process", progress, running="process").kind == "process"
    with pytest.raises(CommandError, match="running embedded AWS are process") as raised:
        choose("nspawn", progress, running="process")
    assert "make down" in raised.value.remedy


def test_other_systems_and_users_are_refused_at_once(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    """Nothing is tried or installed for them."""
    monkeypatch.setattr(host_packages, "require_commands", lambda *_, **__: pytest.fail("installed"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = machine_choice.find_obstacle(stage, [])
    assert found is not None
    assert "sudo" in found.remedy
    monkeypatch.setattr(sys, "platform", "darwin")
    found = machine_choice.find_obstacle(stage, [])
    assert found is not None
    assert "darwin" in found.why


def test_packages_are_installed_before_the_checks_and_these_run_before_the_builds(
    monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    """A computer without systemd-nspawn gets it; one whose kernel refuses does not build for minutes."""
    done: list[str] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(host_packages, "require_commands", lambda needed, **_: done.extend(needed))
    monkeypatch.setattr(nspawn, "unavailable_reason", lambda: done.append("tried"))
    monkeypatch.setattr(
        machine_image, "provide", lambda _tell, images, *, kubernetes: done.extend([*images, kubernetes])
    )
    found = machine_choice.find_obstacle(stage, ["built"], kubernetes="1.36.3", further_versions=["1.37.2"])
    assert found is None
    assert done == [*nspawn.HOST_PROGRAMS, "tried", "built", "1.36.3", "1.37.2"]
    done.clear()
    monkeypatch.setattr(nspawn, "unavailable_reason", lambda: "the kernel gives no loop devices")
    found = machine_choice.find_obstacle(stage, ["built"])
    assert found is not None
    assert found.why == "the kernel gives no loop devices"
    assert "built" not in done


@pytest.mark.parametrize(
    "error", [DiskSpaceError("5.0 GiB are free there."), MissingToolError("no apt-get.")]
)
def test_what_this_computer_lacks_is_an_obstacle_and_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, error: Exception
) -> None:
    """A disk that is too small, or a package that cannot be installed, excludes machines with the reason."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(host_packages, "require_commands", lambda *_, **__: None)
    monkeypatch.setattr(nspawn, "unavailable_reason", lambda: None)
    monkeypatch.setattr(machine_image, "provide", fail)
    found = machine_choice.find_obstacle(stage, [])
    assert found is not None
    assert f"{found.why}." == str(error)


@pytest.mark.parametrize("wanted", ["auto", "nspawn"])
def test_images_that_nobody_has_are_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    """The message names them, and every way out; images that are made here are not asked for."""
    monkeypatch.delenv("KUBEQUORUM_ARTIFACT_MIRROR", raising=False)
    monkeypatch.setattr(machine_choice, "find_obvious_obstacle", lambda: None)
    machine_choice.require_images(wanted, ["metrics-server"])
    with pytest.raises(CommandError) as raised:
        machine_choice.require_images(wanted, ["metrics-server", "cluster-autoscaler"])
    assert "registry.k8s.io/autoscaling/cluster-autoscaler:v" in raised.value.why
    for way in ("KUBEQUORUM_ARTIFACT_MIRROR", "addons.cluster_autoscaler", "KUBEQUORUM_MACHINES=process"):
        assert way in raised.value.remedy


def test_processes_need_no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen by name, or because nothing else can run here."""
    monkeypatch.delenv("KUBEQUORUM_ARTIFACT_MIRROR", raising=False)
    machine_choice.require_images("process", ["cluster-autoscaler"])
    monkeypatch.setattr(machine_choice, "find_obvious_obstacle", lambda: OBSTACLE)
    machine_choice.require_images("auto", ["cluster-autoscaler"])
