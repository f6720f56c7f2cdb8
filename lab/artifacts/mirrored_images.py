"""Images that cannot be made here: archives in a mirror that is a folder.

A mirror has `registry.example.com/path/name:tag` at `<mirror>/registry.example.com/path/name/tag.tar`, as
`docker save` or `skopeo copy docker://… docker-archive:…:<name with tag>` writes it. No checksum of them is
pinned in this project: whoever fills the mirror answers for them.
"""

import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab.artifacts.errors import ArtifactError, MissingImagesError
from lab.artifacts.image_catalog import Image

_NAME = "io.containerd.image.name"
"""Annotation of an image's full name in the index of an OCI archive."""


def archive_path(reference: str) -> str:
    """Where a mirror has an image, below its root."""
    name, _, tag = reference.rpartition(":")
    return f"{name}/{tag}.tar"


def mirrored_archives(images: Iterable[Image], mirror: str | None) -> dict[str, Path]:
    """The archives of those images that a mirror must have, by the images' names.

    Raises:
        MissingImagesError: the mirror lacks some, or there is none; with all of them, and the remedies.
        ArtifactError: an archive is no image, or an image of another name.
    """
    wanted = [image for image in images if image.is_mirrored]
    folder = _folder(mirror)
    found: dict[str, Path] = {}
    missing: list[Image] = []
    for image in wanted:
        archive = None if folder is None else folder / archive_path(image.references[0])
        if archive is None or not archive.is_file():
            missing.append(image)
            continue
        _check(archive, image)
        found[image.name] = archive
    if missing:
        raise MissingImagesError(
            mirror=mirror,
            files={image.references[0]: archive_path(image.references[0]) for image in missing},
            addons=sorted({image.addon for image in missing}),
        )
    return found


def _folder(mirror: str | None) -> Path | None:
    """A mirror's folder; None for one on the web, which has no images."""
    if mirror is None or mirror.startswith(("http://", "https://")):
        return None
    return Path(mirror.removeprefix("file://"))


def _check(archive: Path, image: Image) -> None:
    """An archive under another name would be imported, and no pod would find its image."""
    try:
        with tarfile.open(archive) as content:
            names = _names(content)
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(
            f"{archive} is not the archive of an image: {error}. Write it with `docker save --output` or "
            f"`skopeo copy`"
        ) from error
    if image.references[0] not in names:
        has = ", ".join(sorted(names)) or "no image with a name"
        raise ArtifactError(
            f"{archive} has {has} instead of {image.references[0]}. Save the image under that full name"
        )


def _names(content: tarfile.TarFile) -> set[str]:
    members = set(content.getnames())
    names: set[str] = set()
    if "manifest.json" in members:
        for entry in _json(content, "manifest.json"):
            names |= set(entry.get("RepoTags") or ())
    if "index.json" in members:
        for entry in _json(content, "index.json")["manifests"]:
            names |= {name for key, name in (entry.get("annotations") or {}).items() if key == _NAME}
    return names


def _json(content: tarfile.TarFile, member: str) -> Any:
    stream = content.extractfile(member)
    if stream is None:
        raise ValueError(f"{member} is not a file")
    return json.load(stream)
