"""The image that machines boot: a Debian root, and files that an image for the cluster adds to it."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class ImageError(ValueError):
    """The image's description, or something that it names, is not usable."""


@dataclass(frozen=True, kw_only=True)
class MachineImage:
    """What every machine of a state folder starts from. All of it stays as it is."""

    root: Path
    """A folder with a Debian 13 root."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Absolute path on the machine, e.g. /usr/local/bin/kubelet → file, copied as it is."""
    containerd: Path | None = None
    """A folder that /var/lib/containerd starts from; it has the images that need no pull."""

    def __post_init__(self) -> None:
        """Check what can be checked.

        Raises:
            ImageError: something named does not exist, or the root is none.
        """
        if not (self.root / "usr/lib/systemd/systemd").is_file():
            raise ImageError(f"{self.root} is no machine root: it has no usr/lib/systemd/systemd")
        for target, source in self.files.items():
            if not target.startswith("/") or not source.is_file():
                raise ImageError(f"{target}: {source} is not a file that a machine could have there")
        if self.containerd is not None and not self.containerd.is_dir():
            raise ImageError(f"{self.containerd} is no folder that /var/lib/containerd could start from")

    @classmethod
    def read(cls, path: Path) -> "MachineImage":
        """Read a description: a JSON object with `root`, and perhaps `files` and `containerd`.

        Raises:
            ImageError: it cannot be read, or is wrong; the message names the file.
        """
        try:
            document = json.loads(path.read_text())
            containerd = document.get("containerd")
            return cls(
                root=Path(document["root"]),
                files={target: Path(source) for target, source in document.get("files", {}).items()},
                containerd=Path(containerd) if containerd else None,
            )
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise ImageError(f"{path}: {error!r}") from error

    def write(self, path: Path) -> None:
        """Write the description."""
        document = {
            "root": str(self.root),
            "files": {target: str(source) for target, source in self.files.items()},
            "containerd": str(self.containerd) if self.containerd else None,
        }
        path.write_text(json.dumps(document, indent=2) + "\n")


@dataclass(frozen=True, kw_only=True)
class PreparedImage:
    """An image as machines mount it."""

    layers: tuple[Path, ...]
    """The lower layers of a machine's overlay, the uppermost first."""
    containerd: Path | None


def prepare(image: MachineImage, folder: Path) -> PreparedImage:
    """Put the image's files into a layer below `folder`, which must not exist yet."""
    layers: tuple[Path, ...] = (image.root,)
    if image.files:
        folder.mkdir(parents=True)
        for target, source in image.files.items():
            place = folder / target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(str(source), str(place))
        layers = (folder, *layers)
    return PreparedImage(layers=layers, containerd=image.containerd)


def link_or_copy(source: str, target: str) -> str:
    """Give a file a second name, or copy it where that is not possible; returns the target."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target
