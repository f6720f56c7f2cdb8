"""Image archives: the same bytes from the same files, in the layout that the OCI specification gives."""

import hashlib
import json
import os
import tarfile
from pathlib import Path
from typing import Any

from lab.artifacts.image_file import Symlink, write_image

REFERENCES = ("registry.example/tool:v1", "registry.example/tool:v1.0")


def _write(folder: Path, *, reverse: bool = False) -> Path:
    folder.mkdir()
    program = folder / "program"
    program.write_bytes(b"#!/bin/true\n")
    files: dict[str, Path | Symlink] = {
        "/usr/bin/tool": program,
        "/bin": Symlink(target="usr/bin"),
        "/tmp/deep/er": program,  # noqa: S108  (in the image)
    }
    archive = folder / "image.tar"
    write_image(
        archive,
        references=REFERENCES,
        files=dict(reversed(files.items())) if reverse else files,
        entrypoint=["/usr/bin/tool", "serve"],
        architecture="amd64",
        user="65535:65535",
    )
    assert sorted(path.name for path in folder.iterdir()) == ["image.tar", "program"]
    return archive


def _read(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {
            member.name: stream.read()
            for member in tar
            if (stream := tar.extractfile(member) if member.isfile() else None)
        }


def test_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither times nor owners nor permissions nor the order of the arguments show in the archive."""
    one = _write(tmp_path / "one")
    previous = os.umask(0o077)
    try:
        two = _write(tmp_path / "two", reverse=True)
    finally:
        os.umask(previous)
    assert one.read_bytes() == two.read_bytes()


def test_every_blob_is_under_its_own_digest(tmp_path: Path) -> None:
    """The index leads to the manifest, that to config and layer, each with the right digest and size."""
    contents = _read(_write(tmp_path / "image"))
    assert json.loads(contents["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}

    def blob(descriptor: dict[str, Any]) -> bytes:
        algorithm, _, digest = descriptor["digest"].partition(":")
        body = contents[f"blobs/{algorithm}/{digest}"]
        assert hashlib.sha256(body).hexdigest() == digest
        assert len(body) == descriptor["size"]
        return body

    index = json.loads(contents["index.json"])
    names = [entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]]
    assert names == list(REFERENCES)
    tags = [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in index["manifests"]]
    assert tags == ["v1", "v1.0"]
    manifest = json.loads(blob(index["manifests"][1]))
    config = json.loads(blob(manifest["config"]))
    assert config["architecture"] == "amd64"
    assert config["config"]["Entrypoint"] == ["/usr/bin/tool", "serve"]
    assert config["config"]["User"] == "65535:65535"
    (layer,) = manifest["layers"]
    blob(layer)
    assert config["rootfs"]["diff_ids"] == [layer["digest"]]
    assert len(contents) == 5


def test_layer_holds_files_links_and_their_folders(tmp_path: Path) -> None:
    """Programs are executable, folders come before what is in them, and /tmp is open to everybody."""
    contents = _read(_write(tmp_path / "image"))
    layer = max((body for name, body in contents.items() if name.startswith("blobs/")), key=len)
    (tmp_path / "layer.tar").write_bytes(layer)
    with tarfile.open(tmp_path / "layer.tar") as tar:
        members = {member.name: member for member in tar}
    assert list(members) == sorted(members)
    assert members["usr/bin/tool"].mode == 0o755
    assert members["usr/bin"].isdir()
    assert members["bin"].linkname == "usr/bin"
    assert members["tmp"].mode == 0o1777
    assert {(member.mtime, member.uid, member.gid) for member in members.values()} == {(0, 0, 0)}
