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

    def import_images(target: Path, *, archives: Iterable[Path], base: Path | None, **_: Path) -> None:
        target.mkdir()
        found.append([*(["base"] if base else []), *(archive.name for archive in archives)])

    monkeypatch.setattr(containerd_state, "import_images", import_images)
    return found


def _paths(*images: str, key: str = "1") -> Paths:
    program = Path("/cache/programs/containerd-1/content/containerd")
    return Paths(
        programs={"containerd": program, "ctr": program},
        node_files={},
        images={name: Path(f"/cache/{name}.tar") for name in images},
        image_keys=dict.fromkeys(images, key),
        root=None,
    )


def test_a_newer_state_replaces_only_the_one_with_the_same_images(
    tmp_path: Path, imported: list[list[str]]
) -> None:
    """A cluster with an addon and one without may run at the same time, and both launch machines later."""
    cache = Cache(tmp_path)

    def made(*images: str, key: str = "1") -> Path:
        return ensure_containerd_state(_paths(*images, key=key), cache=cache, progress=silent)

    old = made("pause")
    other = made("pause", "metrics-server")
    assert imported == [["pause.tar"], ["base", "metrics-server.tar"]]
    assert made("pause") == old
    assert made("pause", "metrics-server") == other
    assert len(imported) == 2
    new = made("pause", key="2")
    assert (old.exists(), other.exists(), new.exists()) == (False, True, True)


def test_what_all_machines_have_is_unpacked_first(tmp_path: Path, imported: list[list[str]]) -> None:
    """An addon's image adds its own size, and not that of all others again."""
    paths = _paths("pause", "metrics-server")
    folder = ensure_containerd_state(paths, cache=Cache(tmp_path), progress=silent)
    assert imported == [["pause.tar"], ["base", "metrics-server.tar"]]
    assert folder.parent.name.startswith("state-metrics-server-")


def test_states_of_earlier_images_go_when_the_cache_is_full(
    tmp_path: Path, imported: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share nothing with the new one; what it is based on stays."""
    monkeypatch.setattr(containerd_state, "MAX_CACHE_BYTES", 0)
    cache = Cache(tmp_path)
    old = ensure_containerd_state(_paths("pause", "external-dns"), cache=cache, progress=silent)
    new = _paths("pause", "metrics-server", key="2")
    state = ensure_containerd_state(new, cache=cache, progress=silent)
    assert not old.exists()
    assert state.exists()
    assert ensure_containerd_state(_paths("pause", key="2"), cache=cache, progress=silent).exists()
    assert imported[2:] == [["pause.tar"], ["base", "metrics-server.tar"]]
