"""How much the cache keeps when it is over its limit."""

import os
from pathlib import Path

import pytest

from lab.artifacts import space
from lab.artifacts.build.batches import needed_gib
from lab.artifacts.cache import Cache
from lab.artifacts.catalog import PROGRAM_SETS
from lab.artifacts.progress import silent
from lab.artifacts.space import GIB, MAX_CACHE_BYTES


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Three entries of 1 MiB, used in the order of their names."""
    cache = Cache(tmp_path)
    for used, name in enumerate(("first", "second", "third")):
        with cache.lock(silent), cache.staging() as staging:
            (staging / "content").mkdir()
            (staging / "content" / "file").write_bytes(os.urandom(1 << 20))
            entry = cache.publish(
                staging / "content", kind="images", name=name, key="0" * 64, source="test", seconds=0
            )
            os.utime(entry.path / "entry.json", (used, used))
    return cache


@pytest.mark.parametrize(("spare", "expected"), [(0, ["first"]), (3 << 19, ["first", "second"])])
def test_more_goes_than_must(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, spare: int, expected: list[str]
) -> None:
    """A cache at its limit would exceed it with the next line of a log."""
    monkeypatch.setattr(space, "SPARE_BYTES", spare)
    removed = space.evict(cache, limit_bytes=cache.finished_bytes() - 1, keep=[])
    assert [entry.name for entry in removed] == expected


def test_nothing_goes_at_the_limit(cache: Cache) -> None:
    """What may stay does, however little more there is room for."""
    assert space.evict(cache, limit_bytes=cache.finished_bytes(), keep=[]) == []
    assert len(cache.entries()) == 3


def test_all_that_can_be_built_takes_less_than_15_gb() -> None:
    """Go's caches at their largest, by what was measured of each set, and a cache that is full."""
    largest = needed_gib(list(PROGRAM_SETS.values()))
    assert sum(program_set.build_gib for program_set in PROGRAM_SETS.values()) > largest
    assert largest * GIB + MAX_CACHE_BYTES < 15e9
