"""Writes a container image into an archive for `ctr images import`: OCI image layout, one layer.

The same input results in the same bytes: no times, no owners, members in order, nothing compressed (the
archive stays on this computer, and its import is faster that way).
Source of the format: the OCI image specification 1.1, image-layout.md, manifest.md and config.md.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EMPTY_FOLDERS = {"/etc": 0o755, "/run": 0o755, "/tmp": 0o1777, "/var": 0o755}  # noqa: S108  (in the image)


@dataclass(frozen=True, kw_only=True)
class Symlink:
    """A symbolic link in an image."""

    target: str


def write_image(
    archive: Path,
    *,
    references: Sequence[str],
    files: Mapping[str, Path | Symlink],
    entrypoint: Sequence[str],
    architecture: str,
    user: str = "",
) -> None:
    """Write an image.

    Args:
        archive: the file to write.
        references: full names with tags; the archive has the image under each.
        files: absolute path in the image → a file (always mode 0755), or a symbolic link.
        entrypoint: the command that a container runs if it is given none.
        architecture: `amd64` or `arm64`.
        user: `uid:gid` that a container runs as if it is given none; root if empty.
    """
    layer = archive.with_name(f"{archive.name}.layer")
    try:
        _write_layer(layer, files)
        with layer.open("rb") as stream:
            layer_digest = hashlib.file_digest(stream, "sha256").hexdigest()
        container = {"Env": [_PATH], "Entrypoint": list(entrypoint)} | ({"User": user} if user else {})
        config = _json({
            "architecture": architecture,
            "os": "linux",
            "config": container,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        })  # fmt: skip
        manifest = _json({
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config),
            "layers": [
                {"mediaType": _LAYER, "digest": f"sha256:{layer_digest}", "size": layer.stat().st_size},
            ],
        })  # fmt: skip
        index = _json({
            "schemaVersion": 2,
            "mediaType": _INDEX,
            "manifests": [
                _descriptor(_MANIFEST, manifest)
                | {
                    "platform": {"architecture": architecture, "os": "linux"},
                    "annotations": {
                        # containerd reads the full name from the first, other tools the tag from the second.
                        "io.containerd.image.name": reference,
                        "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
                    },
                }
                for reference in references
            ],
        })  # fmt: skip
        with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
            for folder in ("blobs", "blobs/sha256"):
                tar.addfile(_member(folder, kind=tarfile.DIRTYPE))
            for blob in sorted((config, manifest), key=lambda data: hashlib.sha256(data).hexdigest()):
                _add_bytes(tar, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
            _add_file(tar, f"blobs/sha256/{layer_digest}", layer, mode=0o644)
            _add_bytes(tar, "index.json", index)
            _add_bytes(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
    finally:
        layer.unlink(missing_ok=True)


def _write_layer(layer: Path, files: Mapping[str, Path | Symlink]) -> None:
    folders = dict(_EMPTY_FOLDERS)
    for path in files:
        for parent in PurePosixPath(path).parents:
            if str(parent) != "/":
                folders.setdefault(str(parent), 0o755)
    with tarfile.open(layer, "w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted({*folders, *files}):
            content = files.get(path)
            name = path.lstrip("/")
            if content is None:
                member = _member(name, kind=tarfile.DIRTYPE)
                member.mode = folders[path]
                tar.addfile(member)
            elif isinstance(content, Symlink):
                member = _member(name, kind=tarfile.SYMTYPE)
                member.linkname = content.target
                tar.addfile(member)
            else:
                _add_file(tar, name, content, mode=0o755)


def _member(name: str, *, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.mode = 0o644 if kind == tarfile.REGTYPE else 0o755
    return member


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = _member(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _add_file(tar: tarfile.TarFile, name: str, source: Path, *, mode: int) -> None:
    member = _member(name)
    member.mode = mode
    member.size = source.stat().st_size
    with source.open("rb") as stream:
        tar.addfile(member, stream)


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {
        "mediaType": media_type,
        "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "size": len(data),
    }
