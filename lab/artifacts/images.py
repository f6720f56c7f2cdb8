"""Provides container images: made from programs, without a registry and without a container engine."""

from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from lab.artifacts.build.go import pinned_version
from lab.artifacts.cache import Cache, Entry
from lab.artifacts.digest import content_key
from lab.artifacts.image_catalog import Image
from lab.artifacts.image_file import Symlink, write_image
from lab.artifacts.kubernetes_versions import program_sets
from lab.artifacts.linked_programs import closure
from lab.artifacts.progress import Event, Progress

KIND = "images"
ARCHIVE = "image.tar"
# Increased when the same programs must result in another archive.
_RECIPE = 1


def references(image: Image, *, kubernetes: str = "") -> tuple[str, ...]:
    """The names and tags under which an image of a version of Kubernetes is imported; see `program_sets`."""
    sets = program_sets(kubernetes)
    versions = {
        "kubernetes": pinned_version(sets["kubernetes-control-plane"]),
        "etcd": pinned_version(sets["etcd"]),
        "coredns": pinned_version(sets["coredns"]),
        "cloud_provider_aws": pinned_version(sets["cloud-provider-aws"]),
        "external_dns": pinned_version(sets["external-dns"]),
        "calico": pinned_version(sets["calico"]),
        "metrics_server": pinned_version(sets["metrics-server"]),
    }
    return tuple(reference.format(**versions) for reference in image.references)


def image_key(
    image: Image,
    *,
    programs: Mapping[str, Entry],
    root: Entry | None,
    architecture: str,
    kubernetes: str = "",
) -> str:
    """Compute the content key of an image.

    Args:
        image: which one.
        programs: program → the cache entry that holds it.
        root: the machine root, if the image takes files from it.
        architecture: `amd64` or `arm64`.
        kubernetes: the version of Kubernetes in the names of images; empty: the default one.
    """
    return content_key({
        **({"links": dict(image.links)} if image.links else {}),
        "recipe": _RECIPE,
        "architecture": architecture,
        "references": references(image, kubernetes=kubernetes),
        "programs": {path: [program, programs[program].digest] for path, program in image.programs.items()},
        "entrypoint": image.entrypoint,
        "user": image.user,
        "userland": image.userland,
        "root": root.digest if root and image.userland else None,
    })  # fmt: skip


def make_image(
    image: Image,
    *,
    programs: Mapping[str, Entry],
    root: Entry | None,
    architecture: str,
    cache: Cache,
    progress: Progress,
    kubernetes: str = "",
) -> Entry:
    """Make an image's archive from entries of the cache; hold the cache's lock.

    The arguments are those of `image_key`.
    """
    began = monotonic()
    files: dict[str, Path | Symlink] = {}
    if image.userland:
        if root is None:
            raise ValueError(f"the image {image.name} needs the machine root")
        files.update(closure(root.content, image.userland))
    files |= {path: Symlink(target=target) for path, target in image.links.items()}
    files |= {path: programs[program].content / program for path, program in image.programs.items()}
    with cache.staging() as staging:
        content = staging / "content"
        content.mkdir()
        write_image(
            content / ARCHIVE,
            references=references(image, kubernetes=kubernetes),
            files=files,
            entrypoint=image.entrypoint,
            architecture=architecture,
            user=image.user,
        )
        entry = cache.publish(
            content,
            kind=KIND,
            name=image.name,
            key=image_key(
                image, programs=programs, root=root, architecture=architecture, kubernetes=kubernetes
            ),
            source="made from its programs",
            seconds=monotonic() - began,
        )
    progress(Event(what=f"image {image.name}", message="made", elapsed_seconds=entry.seconds))
    return entry
