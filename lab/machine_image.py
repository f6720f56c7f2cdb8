"""What machines of kind `nspawn` boot, assembled from artifacts; and what such machines leave behind."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError
from lab.artifacts import ArtifactError, Progress, render
from lab.artifacts import Settings as ArtifactSettings
from lab.artifacts.errors import DiskSpaceError, MissingToolError
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.kubernetes_versions import OTHER_MODULES
from lab.artifacts.mirrored_images import mirrored_archives
from lab.settings import STOP_SECONDS, Settings

if TYPE_CHECKING:
    from emulator.machines.nspawn import MachineImage

_FILES = Path(__file__).with_name("image") / "files"
_LEFTOVERS = "nspawn"
"""The folder below the machines' state that exists if such machines ever ran."""


def prepare(settings: Settings, stage: Stage, *, addon_images: Iterable[str], kubernetes: str) -> None:
    """Provide programs, images and the machine root, and write the description of the machine images.

    The first time this takes about 15 minutes on two cores; later everything is in the cache.

    Args:
        settings: where the description goes, and what is provided besides.
        stage: shows what is built.
        addon_images: images of the cluster's addons, which machines must have besides.
        kubernetes: the cluster's version of Kubernetes.

    Raises:
        CommandError: an artifact cannot be provided; with the reason.
    """
    # Here, and not above: what they need exists on Linux only.
    from emulator.machines import nspawn

    show, wanted = shown_in(stage), list(addon_images)
    try:
        image = provide(show, wanted, kubernetes=kubernetes)
        others = {
            image_id: provide(show, wanted, kubernetes=version)
            for image_id, version in settings.further_images.items()
        }
    except ArtifactError as error:
        raise _explained(error) from error
    nspawn.MachineImages(default=image, by_id=others).write(settings.machine_image)


def _parts(addon_images: Iterable[str]) -> list[str]:
    return ["programs", "images", "root", *(f"image:{name}" for name in addon_images)]


def require_mirrored(addon_images: Iterable[str]) -> None:
    """Look for the images that a mirror must have.

    Raises:
        MissingImagesError: some are missing.
        ArtifactError: an archive there is not what its name says.
    """
    mirrored_archives((IMAGES[name] for name in addon_images), ArtifactSettings.from_environment().mirror)


def build_seconds(addon_images: Iterable[str], *, further_versions: Iterable[str] = ()) -> float:
    """How long it takes to provide what is not in the cache, if all of it must be built; 0 if nothing is.

    Args:
        addon_images: images of a cluster's addons.
        further_versions: of Kubernetes, besides the default one.
    """
    from lab.artifacts.plan import make_plan
    from lab.artifacts.store import Store

    store, plan = Store(ArtifactSettings.from_environment()), make_plan(_parts(addon_images))
    seconds = store.build_seconds(plan, store.find(plan))
    for version in further_versions:
        other = make_plan(_parts(()), kubernetes=version)
        there = store.find(other).programs
        # All other programs are those of the default version.
        own = [item for item in other.program_sets if item.module == OTHER_MODULES[version]]
        seconds += sum(item.build_seconds for item in own if item.name not in there)
    return seconds


def provide(progress: Progress, addon_images: Iterable[str], *, kubernetes: str = "") -> "MachineImage":
    """Ensure that all artifacts are in the cache, with the images of a cluster's addons.

    Args:
        progress: shows what is built.
        addon_images: images of the cluster's addons.
        kubernetes: the version of Kubernetes; of one that is not built here, machines download the programs.

    Raises:
        DiskSpaceError, MissingToolError: this computer lacks what their build needs.
        CommandError: they could not be built; with the reason.
    """
    # Here, and not above: what they need exists on Linux only.
    from emulator.machines import nspawn
    from lab.artifacts import ensure
    from lab.artifacts.cache import Cache
    from lab.artifacts.containerd_state import ensure_containerd_state

    try:
        chosen = ArtifactSettings.from_environment()
        paths = ensure(_parts(addon_images), progress, settings=chosen, kubernetes=kubernetes)
        containerd = ensure_containerd_state(
            paths, cache=Cache(chosen.cache_dir / "artifacts"), progress=progress
        )
    except (DiskSpaceError, MissingToolError):
        raise
    except ArtifactError as error:
        raise _explained(error) from error
    assert paths.root is not None  # noqa: S101 - asked for above
    return nspawn.MachineImage(
        root=paths.root,
        files=paths.node_files,
        texts=_texts(),
        folders={
            "/var/lib/containerd": nspawn.Folder(source=containerd, copied=("*.db",)),
            # Pods mount overlays of their own below it.
            "/var/lib/kubelet": nspawn.Folder(),
        },
    )


def _texts() -> dict[str, str]:
    """The files below lab/image/files, by their paths on the machine."""
    return {f"/{path.relative_to(_FILES)}": path.read_text() for path in _FILES.rglob("*") if path.is_file()}


def shown_in(stage: Stage) -> Progress:
    """Shows the events of artifacts as lines of a stage."""
    return lambda event: stage.line(render(event))


def _explained(error: ArtifactError) -> CommandError:
    return CommandError(
        "what real machines boot cannot be provided",
        why=str(error),
        remedy="fix that, then try again; or run without them: KUBEQUORUM_MACHINES=process make up",
    )


def remove_leftovers(settings: Settings) -> int:
    """Stop and remove machines that a killed embedded AWS left behind; how many there were."""
    if sys.platform != "linux" or not Path(settings.machines_state, _LEFTOVERS).exists():
        return 0
    from emulator.machines import nspawn

    return nspawn.remove_leftovers(settings.machines_state, patience_seconds=STOP_SECONDS)
