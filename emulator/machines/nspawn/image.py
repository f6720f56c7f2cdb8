"""The images that machines boot: each a Debian root, and what is added to it.

All that a machine knows of the application comes from here, through a description
that is handed to the emulator: `--machine-image FILE`.
"""

import json
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

API_URL = "@API_URL@"
"""Stands for the URL of the emulated API in the texts of an image."""


class ImageError(ValueError):
    """The image's description, or something that it names, is not usable."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder of a machine that is outside its overlay, e.g. because overlays are mounted in it."""

    source: Path | None = None
    """The folder whose content it starts with; None: empty. Its files are hard links, so they may only be
    replaced, never changed in place."""
    copied: tuple[str, ...] = ()
    """Patterns of file names that are changed in place, e.g. `*.db`: those files are copied."""


@dataclass(frozen=True, kw_only=True)
class MachineImage:
    """What every machine of a state folder starts from. None of it is changed. All paths are absolute."""

    root: Path
    """A folder with a Debian 13 root."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Path on the machine, e.g. /usr/local/bin/program → the file that is put there as it is."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Path on the machine, e.g. /etc/default/program → the text that is written there; see `API_URL`."""
    folders: Mapping[str, Folder] = field(default_factory=dict)
    """Path on the machine, e.g. /var/lib/program → what is mounted there."""

    def __post_init__(self) -> None:
        """Check what can be checked.

        Raises:
            ImageError: something named does not exist, or the root is none.
        """
        if not (self.root / "usr/lib/systemd/systemd").is_file():
            raise ImageError(f"{self.root} is no machine root: it has no usr/lib/systemd/systemd")
        for target in (*self.files, *self.texts, *self.folders):
            if not target.startswith("/"):
                raise ImageError(f"{target}: a path on the machine must be absolute")
        for target, source in self.files.items():
            if not source.is_file():
                raise ImageError(f"{target}: {source} is not a file")
        for target, folder in self.folders.items():
            if folder.source is not None and not folder.source.is_dir():
                raise ImageError(f"{target}: {folder.source} is not a folder")

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "MachineImage":
        """Take it from its part of a description, see `MachineImages.read`.

        Raises:
            ImageError: it is wrong (or KeyError, TypeError, …: it is none).
        """
        return cls(
            root=Path(document["root"]),
            files={target: Path(source) for target, source in document.get("files", {}).items()},
            texts=dict(document.get("texts", {})),
            folders={target: _folder(entry) for target, entry in document.get("folders", {}).items()},
        )

    def write(self, path: Path) -> None:
        """Write the description of this image alone."""
        MachineImages(default=self).write(path)

    def to_document(self) -> dict[str, Any]:
        """Its part of a description."""
        return {
            "root": str(self.root),
            "files": {target: str(source) for target, source in self.files.items()},
            "texts": dict(self.texts),
            "folders": {
                target: {"source": folder.source and str(folder.source), "copied": list(folder.copied)}
                for target, folder in self.folders.items()
            },
        }


@dataclass(frozen=True, kw_only=True)
class MachineImages:
    """The images of a region, as far as machines boot them."""

    default: MachineImage
    """What an instance boots whose image id is not below."""
    by_id: Mapping[str, MachineImage] = field(default_factory=dict)
    """Image id, e.g. ami-0123456789abcdef0 → what its instances boot."""

    @classmethod
    def read(cls, path: Path) -> "MachineImages":
        """Read a description: the default image, and perhaps others in `by_id`.

        Raises:
            ImageError: it cannot be read, or is wrong; the message names the file.
        """
        try:
            document = json.loads(path.read_text())
            return cls(
                default=MachineImage.from_document(document),
                by_id={
                    image_id: MachineImage.from_document(entry)
                    for image_id, entry in document.get("by_id", {}).items()
                },
            )
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise ImageError(f"{path}: {error!r}") from error

    def write(self, path: Path) -> None:
        """Write the description."""
        others = {image_id: image.to_document() for image_id, image in self.by_id.items()}
        document = self.default.to_document() | ({"by_id": others} if others else {})
        path.write_text(json.dumps(document, indent=2) + "\n")


def _folder(entry: Mapping[str, Any]) -> Folder:
    source = entry.get("source")
    return Folder(source=Path(source) if source else None, copied=tuple(entry.get("copied", ())))


@dataclass(frozen=True, kw_only=True)
class PreparedImage:
    """An image as machines mount it."""

    layers: tuple[Path, ...]
    """The lower layers of a machine's overlay, the uppermost first."""
    folders: Mapping[str, Folder]


class PreparedImages:
    """The images of a region as machines mount them; each is prepared when the first machine boots it."""

    def __init__(self, images: MachineImages, folder: Path, *, api_url: str) -> None:
        """Prepare below `folder`, which must not exist yet."""
        self._images = images
        self._folder = folder
        self._api_url = api_url
        self._lock = threading.Lock()
        self._prepared: dict[str, PreparedImage] = {}

    def of(self, image_id: str) -> PreparedImage:
        """What an instance with this image id boots."""
        image = self._images.by_id.get(image_id)
        name = image_id if image else "default"
        with self._lock:
            if name not in self._prepared:
                # What an attempt that failed has left.
                shutil.rmtree(self._folder / name, ignore_errors=True)
                self._prepared[name] = prepare(
                    image or self._images.default, self._folder / name, api_url=self._api_url
                )
            return self._prepared[name]


def prepare(image: MachineImage, folder: Path, *, api_url: str) -> PreparedImage:
    """Put the image's files and texts into a layer below `folder`, which must not exist yet."""
    layers: tuple[Path, ...] = (image.root,)
    if image.files or image.texts:
        folder.mkdir(mode=0o755, parents=True)
        for target, source in image.files.items():
            link_or_copy(str(source), str(_place(folder, target)))
        for target, text in image.texts.items():
            place = _place(folder, target)
            place.write_text(text.replace(API_URL, api_url))
            place.chmod(0o644)
        layers = (folder, *layers)
    return PreparedImage(layers=layers, folders=image.folders)


def clone(folder: Folder, target: Path) -> None:
    """Fill a machine's own copy of a folder: by hard links where that is possible, or empty."""

    def copy(here: str, there: str) -> str:
        is_copied = any(Path(here).match(pattern) for pattern in folder.copied)
        return str(shutil.copy2(here, there)) if is_copied else link_or_copy(here, there)

    if folder.source is not None:
        shutil.copytree(folder.source, target, copy_function=copy, symlinks=True, dirs_exist_ok=True)


def _place(folder: Path, target: str) -> Path:
    place = folder / target.lstrip("/")
    # Folders of a layer hide the modes of those below: as on an image, whatever the umask is.
    for parent in reversed(place.relative_to(folder).parents):
        (folder / parent).mkdir(mode=0o755, exist_ok=True)
        (folder / parent).chmod(0o755)
    return place


def link_or_copy(source: str, target: str) -> str:
    """Give a file a second name, or copy it where that is not possible; returns the target."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target
