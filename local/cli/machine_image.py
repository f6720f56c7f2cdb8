"""What machines of kind `nspawn` boot, put together from artifacts; and what such machines leave."""

import sys
from pathlib import Path

from local.cli.console import Stage
from local.cli.errors import CommandError
from local.cli.settings import STOP_SECONDS, Settings

_LEFTOVERS = "nspawn"
"""The folder below the machines' state that there is if such machines ever ran."""


def prepare(settings: Settings, stage: Stage) -> None:
    """Bring programs, images and the machine root, and write the image's description.

    The first time this takes about 11 minutes on two cores; later everything is in the cache.

    Raises:
        CommandError: machines cannot run here, or an artifact cannot be brought; with the reason.
    """
    # Here, and not above: what they need exists on Linux only.
    from local import artifacts
    from local.artifacts.cache import Cache
    from local.artifacts.containerdstate import ensure_containerd_state
    from local.machines import nspawn

    if (reason := nspawn.unavailable_reason()) is not None:
        raise CommandError(
            "machines cannot run here",
            why=reason,
            remedy="leave KUBEQUORUM_MACHINES unset: instances are then plain processes, without Kubernetes",
        )

    def tell(event: artifacts.Event) -> None:
        stage.line(artifacts.render(event))

    try:
        chosen = artifacts.Settings.from_environment()
        paths = artifacts.ensure(["all"], tell, settings=chosen)
        containerd = ensure_containerd_state(
            paths, cache=Cache(chosen.cache_dir / "artifacts"), progress=tell
        )
    except artifacts.ArtifactError as error:
        raise CommandError("what the machines boot cannot be brought", why=str(error)) from error
    assert paths.root is not None  # noqa: S101 - asked for with "all"
    image = nspawn.MachineImage(root=paths.root, files=paths.node_files, containerd=containerd)
    image.write(settings.machine_image)


def remove_leftovers(settings: Settings) -> int:
    """End and remove machines that a killed embedded AWS left; how many there were."""
    if sys.platform != "linux" or not Path(settings.machines_state, _LEFTOVERS).exists():
        return 0
    from local.machines import nspawn

    return nspawn.remove_leftovers(settings.machines_state, patience_seconds=STOP_SECONDS)
