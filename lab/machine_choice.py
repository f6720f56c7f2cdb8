"""Chooses what runs behind the instances: real machines where they can run, else plain processes."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from kubequorum_cli.console import Progress, Stage
from kubequorum_cli.errors import CommandError, Obstacle, UsageError
from lab import machine_image
from lab.artifacts.kubernetes_versions import buildable_versions
from lab.settings import AUTOMATIC, REAL

_KINDS = (AUTOMATIC, REAL, "process", "none")
_VARIABLE = "KUBEQUORUM_MACHINES"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What runs behind the instances."""

    kind: str
    """`nspawn`, `process` or `none`."""
    obstacle: Obstacle | None = None
    """Why it is not `nspawn`, if nothing else was requested."""

    def explanation(self) -> str:
        """Two lines for a person about what is missing; empty if nothing is."""
        if self.obstacle is None:
            return ""
        return (
            f"Kubernetes is not running: the instances are plain processes because {self.obstacle.why}.\n"
            f"To get real machines: {self.obstacle.remedy}"
        )


def choose(
    wanted: str,
    progress: Progress,
    *,
    addon_images: Iterable[str] = (),
    kubernetes: str = "",
    further_versions: Iterable[str] = (),
    running: str | None = None,
) -> Choice:
    """Choose, and provide what real machines need if they are chosen.

    Args:
        wanted: the value of KUBEQUORUM_MACHINES: a kind of machines, or `auto`.
        progress: shows what is installed or built, before it is.
        addon_images: images of the cluster's addons, which machines must have besides.
        kubernetes: the cluster's version of Kubernetes; empty for the default one.
        further_versions: those that there must be images of, too.
        running: the kind of machines of the embedded AWS that runs already.

    Raises:
        UsageError: there is no such kind, or no such version.
        CommandError: real machines were requested by name and cannot run; or what they boot cannot be built.
    """
    if wanted not in _KINDS:
        raise UsageError(
            f"{_VARIABLE} is {wanted!r}",
            remedy=f"leave it unset, or set it to {', '.join(_KINDS[:-1])} or {_KINDS[-1]}",
        )
    further_versions = list(further_versions)
    buildable = buildable_versions()
    if unknown := [version for version in further_versions if version not in buildable]:
        raise UsageError(
            f"KUBEQUORUM_IMAGES has Kubernetes {', '.join(unknown)}",
            why="machine images of it cannot be built here",
            remedy=f"choose from: {', '.join(buildable)}",
        )
    if running is not None:
        if wanted not in {AUTOMATIC, running}:
            raise CommandError(
                f"{_VARIABLE} is {wanted}, but the machines of the running embedded AWS are {running}",
                why="they cannot change while it runs",
                remedy="remove it first: make down",
            )
        return Choice(kind=running)
    if wanted not in {AUTOMATIC, REAL}:
        return Choice(kind=wanted)
    with progress.stage("Prepare real machines") as stage:
        obstacle = find_obstacle(
            stage, addon_images, kubernetes=kubernetes, further_versions=further_versions
        )
    if obstacle is None:
        return Choice(kind=REAL)
    if wanted == REAL:
        raise CommandError(
            "real machines cannot run here",
            why=obstacle.why,
            remedy=f"{obstacle.remedy}. Or leave {_VARIABLE} unset: the instances are then plain processes",
        )
    choice = Choice(kind="process", obstacle=obstacle)
    progress.note(choice.explanation())
    return choice


def require_images(wanted: str, addon_images: Iterable[str]) -> None:
    """Refuse images that nobody can build and no mirror has, before anything starts.

    Args:
        wanted: as in `choose`; only real machines need images.
        addon_images: as in `choose`.

    Raises:
        CommandError: some are missing; with all of them, and what to do.
    """
    if wanted not in {AUTOMATIC, REAL} or find_obvious_obstacle() is not None:
        return
    from lab.artifacts.errors import ArtifactError, MissingImagesError

    try:
        machine_image.require_mirrored(addon_images)
    except MissingImagesError as error:
        raise CommandError(
            "real machines cannot get the images of the cluster file's addons",
            why=error.why,
            remedy=f"{error.remedy}; or run without Kubernetes: {_VARIABLE}=process make up",
        ) from error
    except ArtifactError as error:
        raise CommandError("an image of the mirror cannot be used", why=str(error)) from error


def find_obvious_obstacle() -> Obstacle | None:
    """Check only what can be checked at once: the operating system and the user."""
    if sys.platform != "linux":
        return Obstacle(why=f"they need Linux, and this is {sys.platform}", remedy="use a Linux computer")
    if os.geteuid() != 0:
        return Obstacle(why="they need root", remedy="make down, then: sudo make up")
    return None


def find_obstacle(
    stage: Stage,
    addon_images: Iterable[str],
    *,
    kubernetes: str = "",
    further_versions: Iterable[str] = (),
) -> Obstacle | None:
    """Check whether real machines can run, and install and build what they need; None if they can.

    Raises:
        CommandError: what they boot could be built here, but the build failed.
    """
    if (obvious := find_obvious_obstacle()) is not None:
        return obvious
    # Here, and not above: what they need exists on Linux only.
    from emulator.machines import nspawn
    from lab.artifacts.errors import DiskSpaceError, MissingToolError
    from lab.artifacts.host_packages import require_commands

    show = machine_image.shown_in(stage)
    try:
        # First, because what follows needs them.
        require_commands(nspawn.HOST_PROGRAMS, progress=show)
        if (reason := nspawn.unavailable_reason()) is not None:
            return Obstacle(why=reason, remedy="use a Linux computer, or a virtual machine, of your own")
        machine_image.provide(show, addon_images, kubernetes=kubernetes)
        for version in further_versions:
            machine_image.provide(show, (), kubernetes=version)
    except (DiskSpaceError, MissingToolError) as error:
        return Obstacle(why=str(error).rstrip("."), remedy="fix that, then: make down, make up")
    return None
