"""From requested artifacts to what must be in the cache, dependencies included."""

from collections.abc import Iterable
from dataclasses import dataclass

from lab.artifacts.catalog import PROGRAM_SETS, program_set_of
from lab.artifacts.errors import ArtifactError
from lab.artifacts.image_catalog import IMAGES, Image
from lab.artifacts.kubernetes_versions import OTHER_MODULES, program_sets
from lab.artifacts.machine_root import NAME as ROOT_NAME
from lab.artifacts.program_set import ProgramSet

IMAGE_PREFIX = "image:"
GROUPS = {
    "programs": "the programs of a machine: kubelet, kubeadm, kubectl, containerd, …",
    "images": "the images that every machine has: those that kubeadm requests, and those of tests",
    "root": "the machine root, Debian 13",
    "all": "all of these, the images of addons that are made here, and what only tests and benchmarks run",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What must be in the cache, in the order of the catalog."""

    program_sets: tuple[ProgramSet, ...]
    images: tuple[Image, ...]
    root: bool
    kubernetes: str = ""
    """The version of Kubernetes whose programs they are; empty: the default one."""

    @property
    def made_images(self) -> tuple[Image, ...]:
        """Those that are made from programs; a mirror has the others."""
        return tuple(image for image in self.images if not image.is_mirrored)


def known_targets() -> list[str]:
    """Every target that `make_plan` accepts."""
    return [*GROUPS, *PROGRAM_SETS, *(IMAGE_PREFIX + name for name in IMAGES), ROOT_NAME]


def make_plan(what: Iterable[str], *, kubernetes: str = "") -> Plan:
    """Resolve targets, for a version of Kubernetes; see `program_sets`.

    Raises:
        ArtifactError: a target is not known.
    """
    kubernetes = kubernetes if kubernetes in OTHER_MODULES else ""
    sets: set[str] = set()
    images: set[str] = set()
    root = False
    for target in what:
        if target not in known_targets():
            raise ArtifactError(f"there is no artifact {target!r}; known are {', '.join(known_targets())}")
        if target == "all":
            sets |= set(PROGRAM_SETS)
        if target == "programs":
            sets |= {name for name, program_set in PROGRAM_SETS.items() if program_set.releases}
        if target in {"images", "all"}:
            images |= {name for name, image in IMAGES.items() if _belongs(image, target)}
        if target in {"root", ROOT_NAME, "all"}:
            root = True
        if target in PROGRAM_SETS:
            sets.add(target)
        if target.startswith(IMAGE_PREFIX):
            images.add(target.removeprefix(IMAGE_PREFIX))
    for name in images:
        sets |= {program_set_of(program).name for program in IMAGES[name].programs.values()}
        root = root or bool(IMAGES[name].userland)
    return Plan(
        program_sets=tuple(item for name, item in program_sets(kubernetes).items() if name in sets),
        images=tuple(image for name, image in IMAGES.items() if name in images),
        root=root,
        kubernetes=kubernetes,
    )


def _belongs(image: Image, group: str) -> bool:
    """Whether an image is one of a group, `images` or `all`."""
    return not image.is_mirrored if group == "all" else not image.addon
