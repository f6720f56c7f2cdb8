"""Where a set of programs comes from: mirror, then upstream, then the machine's own compiler."""

import dataclasses
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.artifacts import programs as artifact_programs
from lab.artifacts.cache import Cache, Entry
from lab.artifacts.errors import ArtifactError, BuildError, ChecksumError, DiskSpaceError
from lab.artifacts.program_set import ProgramSet
from lab.artifacts.programs import Programs
from lab.artifacts.progress import Event
from lab.artifacts.releases import Lock
from lab.artifacts.settings import Settings, Source
from tests.lab.artifacts.upstream import Upstream, release, serving

SET = ProgramSet(
    name="tool",
    module="tool",
    requirement=None,
    packages=(".",),
    programs=("tool",),
    releases=("tool",),
    ldflags=("-X main.version={version}",),
    own_version="1.2.3",
    build_seconds=1,
    build_gib=0.01,
)
RELEASED = b"#!/bin/sh\necho released\n"
# Without any import but the runtime, which is all that has to be compiled.
SOURCE = 'package main\n\nvar version = "unstamped"\n\nfunc main() { print("built ", version) }\n'

needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="this machine has no Go to build with")


class Rig:
    """A set `tool` with a module, an upstream and a cache of its own."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.upstream = upstream
        self.cache = Cache(folder / "cache")
        self.mirror = folder / "mirror"
        self.mirror.mkdir()
        self.modules = folder / "modules"
        (self.modules / "tool").mkdir(parents=True)
        (self.modules / "tool" / "go.mod").write_text(
            "module kubequorum.invalid/tool\n\ngo 1.21.0\n", encoding="utf-8"
        )
        (self.modules / "tool" / "main.go").write_text(SOURCE, encoding="utf-8")
        self.pinned = release(RELEASED, url=f"{upstream.base}/tool")
        self.events: list[Event] = []

    def fill_mirror(self, body: bytes = RELEASED) -> None:
        """Put the release, or another file under its name, into the mirror."""
        path = self.mirror / self.pinned.mirror_path
        path.parent.mkdir(parents=True)
        path.write_bytes(body)

    def programs(self, *, mirror: bool = False, sources: Iterable[Source] = Source) -> Programs:
        """Start a run, with or without the mirror."""
        artifact: dict[str, Any] = {
            "install": dict(self.pinned.install),
            "version_command": list(self.pinned.version_command),
            "versions": {"1.2.3": {"amd64": {"url": self.pinned.url, "sha256": self.pinned.sha256}}},
        }
        return Programs(
            settings=Settings(
                cache_dir=self.cache.root,
                architecture="amd64",
                mirror=str(self.mirror) if mirror else None,
                sources=tuple(sources),
            ),
            cache=self.cache,
            lock=Lock(
                path=Path("artifacts.json"),
                default_kubernetes_version="1.0.0",
                kubernetes_versions={"1.0.0": {"tool": "1.2.3"}},
                artifacts={"tool": artifact},
            ),
            progress=self.events.append,
            modules=self.modules,
        )

    def provide(self, programs: Programs, program_set: ProgramSet = SET) -> Entry:
        """Provide the set and look it up."""
        with self.cache.lock(self.events.append) as lock:
            programs.provide([program_set], lock=lock)
        entry = programs.find(program_set)
        assert entry is not None
        return entry


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Make a set of programs whose upstream works."""
    with serving({"/tool": RELEASED}) as upstream:
        yield Rig(tmp_path, upstream)


def test_mirror_precedes_upstream(rig: Rig) -> None:
    """Upstream is not asked for what the user's mirror has."""
    rig.fill_mirror()
    entry = rig.provide(rig.programs(mirror=True))
    assert entry.source == f"mirror {rig.mirror}"
    assert rig.upstream.requests == []
    assert subprocess.run([entry.content / "tool"], capture_output=True, check=True).stdout == b"released\n"


def test_upstream_has_what_the_mirror_lacks(rig: Rig) -> None:
    """After an empty mirror upstream is tried, and the entry has that source."""
    assert rig.provide(rig.programs(mirror=True)).source == "upstream"


def test_finished_set_is_found_without_a_request(rig: Rig) -> None:
    """The second run takes the first one's result from the cache."""
    first = rig.provide(rig.programs())
    rig.upstream.requests.clear()
    found = rig.programs().find(SET)
    assert found is not None
    assert found.path == first.path
    assert rig.upstream.requests == []


def test_wrong_checksum_leaves_no_entry(rig: Rig) -> None:
    """A wrong file in the mirror stops the run; nothing gets into the cache, and nothing else is tried."""
    rig.fill_mirror(b"spoilt")
    with pytest.raises(ChecksumError):
        rig.provide(rig.programs(mirror=True))
    assert rig.cache.entries() == []
    assert rig.upstream.requests == []


@needs_go
def test_build_is_the_last_resort_and_real(rig: Rig) -> None:
    """With upstream out of reach the module is compiled, stamped, kept, and Go's caches are gone after."""
    rig.upstream.status = 503
    entry = rig.provide(rig.programs())
    assert entry.source.startswith("built with go1.")
    assert entry.peak_process_bytes
    said = subprocess.run([entry.content / "tool"], capture_output=True, text=True, check=True).stderr
    assert said == "built 1.2.3"
    assert not rig.cache.go_dir.exists()
    assert any("because upstream did not have it" in event.message for event in rig.events)


@needs_go
def test_named_mirror_precedes_an_earlier_build(rig: Rig) -> None:
    """Once the user names a mirror that has the release, the earlier build is not used."""
    rig.provide(rig.programs(sources=[Source.BUILD]))
    rig.fill_mirror()
    assert rig.programs().find(SET) is not None
    assert rig.programs(mirror=True).find(SET) is None
    assert rig.provide(rig.programs(mirror=True)).source.startswith("mirror ")


@needs_go
def test_failed_build_is_explained_and_leaves_no_entry(rig: Rig) -> None:
    """A compiler error reaches the person, and the cache stays without the set."""
    (rig.modules / "tool" / "main.go").write_text("package main\n\nfunc main() { nonsense }\n", "utf-8")
    with pytest.raises(BuildError, match="undefined: nonsense"):
        rig.provide(rig.programs(sources=[Source.BUILD]))
    assert rig.cache.entries() == []


@needs_go
def test_build_that_gives_other_programs_is_refused(rig: Rig) -> None:
    """The catalog's names and what Go makes must agree, or later steps would look for nothing."""
    with pytest.raises(BuildError, match=r"resulted in tool instead of other"):
        rig.provide(rig.programs(sources=[Source.BUILD]), dataclasses.replace(SET, programs=("other",)))


def test_too_little_disk_is_reported_before_the_build_starts(rig: Rig) -> None:
    """The compiler is not even started when there is no room for its work."""
    greedy = dataclasses.replace(SET, build_gib=1e6)
    with pytest.raises(DiskSpaceError, match="Building tool needs about 1000000"):
        rig.provide(rig.programs(sources=[Source.BUILD]), greedy)
    assert not rig.cache.log_path("tool").exists()


@needs_go
def test_a_set_without_a_checksum_is_built(rig: Rig) -> None:
    """Neither mirror nor upstream is asked, and what the mirror has does not hide the build."""
    rig.fill_mirror()
    rig.pinned = dataclasses.replace(rig.pinned, sha256=None)
    assert rig.provide(rig.programs(mirror=True)).source.startswith("built with go1.")
    assert rig.programs(mirror=True).find(SET) is not None
    assert rig.programs().keys(SET).release is None
    assert rig.upstream.requests == []
    assert any("because no checksum of its download is pinned" in event.message for event in rig.events)


def test_a_set_without_a_checksum_cannot_be_had_without_a_build(rig: Rig) -> None:
    """The error says so."""
    rig.fill_mirror()
    rig.pinned = dataclasses.replace(rig.pinned, sha256=None)
    with pytest.raises(ArtifactError, match="or no checksum of their downloads is pinned"):
        rig.provide(rig.programs(mirror=True, sources=[Source.MIRROR, Source.UPSTREAM]))
    assert rig.upstream.requests == []


def test_no_source_left_is_explained(rig: Rig) -> None:
    """Builds excluded and upstream unreachable: the error explains that, without a stack trace."""
    rig.upstream.status = 503
    with pytest.raises(ArtifactError, match="builds were excluded, and no mirror is named"):
        rig.provide(rig.programs(sources=[Source.MIRROR, Source.UPSTREAM]))


def test_build_in_the_cache_does_not_count_when_building_is_excluded(rig: Rig) -> None:
    """`--source upstream` requests upstream's programs, not an earlier build."""
    programs = rig.programs(sources=[Source.BUILD])
    with rig.cache.lock(rig.events.append), rig.cache.staging() as staging:
        (staging / "content").mkdir()
        key = programs.keys(SET).build
        rig.cache.publish(
            staging / "content", kind="programs", name="tool", key=key, source="built", seconds=1
        )
    assert programs.find(SET) is not None
    assert rig.programs(sources=[Source.UPSTREAM]).find(SET) is None


def test_gos_caches_are_emptied_before_they_grow_too_large(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets that do not fit into them together are built one after the other, each on empty ones."""
    done: list[str] = []
    monkeypatch.setattr(artifact_programs, "install_go", lambda *_, **__: Path("go"))
    monkeypatch.setattr(
        artifact_programs,
        "require_free_space",
        lambda *_, needed_gib, **__: done.append(f"{needed_gib} GiB"),
    )
    programs = rig.programs(sources=[Source.BUILD])
    monkeypatch.setattr(programs, "_build", lambda program_set, **_: done.append(program_set.name))
    monkeypatch.setattr(rig.cache, "trim_go", lambda: done.append("trim"))
    sizes = {"one": 4, "two": 2, "three": 1, "four": 5}
    sets = [dataclasses.replace(SET, name=name, build_gib=gib) for name, gib in sizes.items()]
    with rig.cache.lock(rig.events.append) as lock:
        programs.provide(sets, lock=lock)
    assert done == ["6 GiB", "one", "two", "trim", "three", "four", "trim"]
