"""Which states of containerd are kept: one for each set of images that machines may start with."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from lab.artifacts import Paths, containerd_state
from lab.artifacts.cache import Cache
from lab.artifacts.containerd_state import ensure_containerd_state
from lab.artifacts.progress import silent


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The archives of each import; an import makes a folder and starts nothing."""
    found: list[list[str]] = []

    def import_images(target: Path, *, archives: Iterable[Path], **_: Path) -> None:
        target.mkdir()
        found.append([archive.name for archive in archives])

    monkeypatch.setattr(containerd_state, "import_images", import_images)
    return found


def _paths(key: str, *images: str) -> Paths:
    program = Path("/cache/programs/containerd-1/content/containerd")
    return Paths(
        programs={"containerd": program, "ctr": program},
        node_files={},
        images={name: Path(f"/cache/{name}.tar") for name in images},
        images_key=key,
        root=None,
    )


def test_a_newer_state_replaces_only_the_one_with_the_same_images(
    tmp_path: Path, imported: list[list[str]]
) -> None:
    """A cluster with an addon and one without may run at the same time, and both launch machines later."""
    cache = Cache(tmp_path)

    def made(*arguments: str) -> Path:
        return ensure_containerd_state(_paths(*arguments), cache=cache, progress=silent)

    old = made("1", "pause")
    other = made("2", "pause", "metrics-server")
    assert imported == [["pause.tar"], ["pause.tar", "metrics-server.tar"]]
    assert made("1", "pause") == old
    assert len(imported) == 2
    new = made("3", "pause")
    assert (old.exists(), other.exists(), new.exists()) == (False, True, True)
