"""Which machines run behind the instances: real ones where they can, else plain processes."""

import os
import sys
from dataclasses import dataclass

from kubequorum_cli.console import Progress, Stage
from kubequorum_cli.errors import CommandError, UsageError
from lab import machine_image
from lab.settings import AUTOMATIC, REAL

_KINDS = (AUTOMATIC, REAL, "process", "none")
_VARIABLE = "KUBEQUORUM_MACHINES"


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why real machines cannot run on this computer."""

    why: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What runs behind the instances."""

    kind: str
    """`nspawn`, `process` or `none`."""
    obstacle: Obstacle | None = None
    """Why it is not `nspawn`, if that is not what was asked for."""

    def explanation(self) -> str:
        """Two lines for a person about what is left out; empty if nothing is."""
        if self.obstacle is None:
            return ""
        return (
            f"Left out: real machines, and Kubernetes on them. The instances are plain processes, because "
            f"{self.obstacle.why}.\nTo have them: {self.obstacle.remedy}"
        )


def choose(wanted: str, progress: Progress, *, running: str | None = None) -> Choice:
    """Decide, and bring what real machines need if it is they.

    Args:
        wanted: what KUBEQUORUM_MACHINES says: a kind of machines, or `auto`.
        progress: is told before anything is installed or built.
        running: the kind of machines of the embedded AWS that runs already.

    Raises:
        UsageError: there are no such machines.
        CommandError: real machines were asked for by name and cannot run; or what they boot cannot be built.
    """
    if wanted not in _KINDS:
        raise UsageError(
            f"{_VARIABLE} is {wanted!r}",
            remedy=f"leave it unset, or set it to {', '.join(_KINDS[:-1])} or {_KINDS[-1]}",
        )
    if running is not None:
        if wanted not in {AUTOMATIC, running}:
            raise CommandError(
                f"{_VARIABLE} is {wanted}, but the machines of the embedded AWS that runs are {running}",
                why="it cannot change them while it runs",
                remedy="remove it first: make down",
            )
        return Choice(kind=running)
    if wanted not in {AUTOMATIC, REAL}:
        return Choice(kind=wanted)
    with progress.stage("Get ready for real machines") as stage:
        obstacle = find_obstacle(stage)
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


def find_obstacle(stage: Stage) -> Obstacle | None:
    """Find out whether real machines can run, installing and building what they need; None if they can.

    Raises:
        CommandError: what they boot could be built here, but the build failed.
    """
    if sys.platform != "linux":
        return Obstacle(why=f"they need Linux, and this is {sys.platform}", remedy="use a Linux computer")
    # Here, and not above: what they need exists on Linux only.
    from emulator.machines import nspawn
    from lab.artifacts.errors import DiskSpaceError, MissingToolError
    from lab.artifacts.hostpackages import require_commands

    if os.geteuid() != 0:
        return Obstacle(why="they need root", remedy="make down, then: sudo make up")
    tell = machine_image.teller(stage)
    try:
        # First of all, so that what follows does not fail for want of them.
        require_commands(nspawn.HOST_PROGRAMS, progress=tell)
        if (reason := nspawn.unavailable_reason()) is not None:
            return Obstacle(why=reason, remedy="use a Linux computer, or a virtual machine, of your own")
        machine_image.bring(tell)
    except (DiskSpaceError, MissingToolError) as error:
        return Obstacle(why=str(error).rstrip("."), remedy="see to that, then: make down, make up")
    return None
