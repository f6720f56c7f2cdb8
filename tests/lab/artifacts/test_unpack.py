"""The extraction of programs from releases."""

import dataclasses
import os
from pathlib import Path

import pytest

from lab.artifacts.errors import ArtifactError
from lab.artifacts.unpack import unpack
from tests.lab.artifacts.upstream import release, tarball

URL = "https://example.test/tool.tar.gz"


def _unpack(tmp_path: Path, body: bytes, *, archive: str | None, strip_components: int = 1) -> Path:
    (tmp_path / "download").write_bytes(body)
    into = tmp_path / "into"
    into.mkdir()
    pinned = dataclasses.replace(release(body, url=URL, archive=archive), strip_components=strip_components)
    unpack(tmp_path / "download", release=pinned, into=into)
    return into


@pytest.mark.parametrize(
    ("member", "strip_components"), [("tool-1.2.3/tool", 1), ("./tool", 0), ("./bin/tool", 1)]
)
def test_named_member_becomes_an_executable(tmp_path: Path, member: str, strip_components: int) -> None:
    """The three ways in which upstream's archives name their members all work; the rest stays out."""
    body = tarball({member: b"program", "README": b"text"})
    into = _unpack(tmp_path, body, archive="tar.gz", strip_components=strip_components)
    assert [path.name for path in into.iterdir()] == ["tool"]
    assert (into / "tool").read_bytes() == b"program"
    assert os.access(into / "tool", os.X_OK)


def test_plain_download_becomes_an_executable(tmp_path: Path) -> None:
    """A release that is the program itself is put in place under its own name."""
    into = _unpack(tmp_path, b"program", archive=None)
    assert (into / "tool").read_bytes() == b"program"
    assert os.access(into / "tool", os.X_OK)


def test_missing_member_is_named(tmp_path: Path) -> None:
    """An archive laid out in another way than the lock file says is refused."""
    with pytest.raises(ArtifactError, match="does not contain tool"):
        _unpack(tmp_path, tarball({"other/name": b""}), archive="tar.gz")
