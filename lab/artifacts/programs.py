"""Provides sets of programs: from the cache, else from a mirror, from upstream, or built."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from lab.artifacts.build.batches import batches, needed_gib
from lab.artifacts.build.go import MODULES, build, build_inputs, pinned_version, required_go
from lab.artifacts.build.toolchain import Go, choose_go, install_go
from lab.artifacts.cache import Cache, Entry
from lab.artifacts.digest import content_key
from lab.artifacts.errors import ArtifactError
from lab.artifacts.fetch import Fetcher
from lab.artifacts.host_packages import require_commands
from lab.artifacts.process import Usage
from lab.artifacts.program_set import ProgramSet
from lab.artifacts.progress import Event, Progress
from lab.artifacts.releases import Lock, Release
from lab.artifacts.settings import Settings, Source
from lab.artifacts.space import require_free_space
from lab.artifacts.unpack import unpack

KIND = "programs"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The content keys of a set, one for each kind of source."""

    release: str | None
    """None if no upstream release of it is pinned."""
    build: str


class Programs:
    """The sets of programs of one run."""

    def __init__(
        self, *, settings: Settings, cache: Cache, lock: Lock, progress: Progress, modules: Path = MODULES
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._lock = lock
        self._progress = progress
        self._modules = modules
        self._go: Go | None = None
        self._fetcher = Fetcher(mirror=settings.mirror, progress=progress)

    @property
    def go(self) -> Go:
        """The toolchain for builds; chosen at first use."""
        if self._go is None:
            self._go = choose_go(required_go(modules=self._modules))
        return self._go

    def releases(self, program_set: ProgramSet) -> list[Release]:
        """Look up the pinned upstream releases that hold the set."""
        return [
            self._lock.release(
                name,
                kubernetes_version=program_set.kubernetes_version or self._lock.default_kubernetes_version,
                architecture=self._settings.architecture,
            )
            for name in program_set.releases
        ]

    def _downloads(self, program_set: ProgramSet) -> list[Release]:
        """The releases that may be downloaded: none, unless the checksums of all of them are pinned."""
        releases = self.releases(program_set)
        return [] if any(release.sha256 is None for release in releases) else releases

    def keys(self, program_set: ProgramSet) -> Keys:
        """Compute the set's content keys."""
        releases = self._downloads(program_set)
        inputs = {release.name: [release.sha256, dict(release.install)] for release in releases}
        return Keys(
            release=content_key({"releases": inputs}) if releases else None,
            build=content_key(
                build_inputs(
                    program_set,
                    go_version=self.go.version,
                    architecture=self._settings.architecture,
                    modules=self._modules,
                )
            ),
        )

    def find(self, program_set: ProgramSet) -> Entry | None:
        """Look the set up in the cache; a download precedes a build."""
        keys = self.keys(program_set)
        sources = set(self._settings.sources)
        if keys.release and sources - {Source.BUILD}:
            entry = self._cache.find(KIND, program_set.name, keys.release)
            if entry is not None:
                return entry
        if Source.BUILD not in sources:
            return None
        built = self._cache.find(KIND, program_set.name, keys.build)
        # A mirror that the user names now precedes an earlier build.
        return None if self._has_mirrored(program_set) else built

    def provide(self, program_sets: Sequence[ProgramSet], *, lock: int) -> None:
        """Provide sets that are not in the cache. Hold the cache's lock.

        Raises:
            ArtifactError: no source has a set (also DiskSpaceError, ChecksumError, BuildError).
        """
        to_build = [program_set for program_set in program_sets if not self._fetch(program_set)]
        if not to_build:
            return
        if Source.BUILD not in self._settings.sources:
            raise ArtifactError(
                f"no source has {', '.join(item.name for item in to_build)}: builds were excluded, "
                f"and {self._why_not_fetched()}"
            )
        require_free_space(
            self._cache.root,
            needed_gib=needed_gib(to_build),
            purpose=f"Building {', '.join(program_set.name for program_set in to_build)}",
        )
        for program_set in to_build:
            require_commands(program_set.host_packages, progress=self._progress)
        go = install_go(
            self.go,
            cache=self._cache,
            architecture=self._settings.architecture,
            lock=lock,
            progress=self._progress,
        )
        for batch in batches(to_build):
            for program_set in batch:
                self._build(program_set, go=go, lock=lock)
            # Only after success: what a failed build has compiled shortens the next one.
            self._cache.trim_go()

    def _fetch(self, program_set: ProgramSet) -> bool:
        releases = self._downloads(program_set)
        if not releases:
            return False
        for source in Source:
            if source is Source.BUILD or source not in self._settings.sources:
                continue
            began = monotonic()
            with self._cache.staging() as staging:
                content = staging / "content"
                content.mkdir()
                if not all(self._fetch_release(release, source, content) for release in releases):
                    continue
                origin = f"mirror {self._settings.mirror}" if source is Source.MIRROR else "upstream"
                key = self.keys(program_set).release
                assert key is not None  # noqa: S101  (it has releases)
                self._cache.publish(
                    content,
                    kind=KIND,
                    name=program_set.name,
                    key=key,
                    source=origin,
                    seconds=monotonic() - began,
                )
                self._progress(Event(what=program_set.name, message=f"downloaded from {origin}"))
                return True
        return False

    def _fetch_release(self, release: Release, source: Source, content: Path) -> bool:
        download = content.parent / "download"
        get = self._fetcher.from_mirror if source is Source.MIRROR else self._fetcher.from_upstream
        if not get(release, download):
            return False
        unpack(download, release=release, into=content)
        download.unlink()
        return True

    def _has_mirrored(self, program_set: ProgramSet) -> bool:
        """Whether the mirror has all releases of a set, if it is a folder; a URL is not asked each time."""
        if self._settings.mirror is None or Source.MIRROR not in self._settings.sources:
            return False
        folder = Path(self._settings.mirror.removeprefix("file://"))
        releases = self._downloads(program_set)
        return bool(releases) and all((folder / release.mirror_path).is_file() for release in releases)

    def _why_not_fetched(self) -> str:
        mirror = (
            f"the mirror {self._settings.mirror} lacks them"
            if self._settings.mirror
            else "no mirror is named"
        )
        return f"{mirror}; upstream cannot be reached, or no checksum of their downloads is pinned"

    def _build(self, program_set: ProgramSet, *, go: Path, lock: int) -> None:
        version = pinned_version(program_set, modules=self._modules)
        # Before the build: the key must not be that of files which change during the build.
        key = self.keys(program_set).build

        def report(message: str, elapsed: float | None = None) -> None:
            self._progress(
                Event(
                    what=program_set.name,
                    message=message,
                    elapsed_seconds=elapsed,
                    expected_seconds=program_set.build_seconds,
                )
            )

        with_what = f"{self.go.version} ({self.go.reason})"
        report(f"building {version} with {with_what}, because {self._why_built(program_set)}")
        with self._cache.staging() as staging:
            content = staging / "content"
            usage: Usage = build(
                program_set,
                go=go,
                caches=self._cache.go_dir,
                into=content,
                architecture=self._settings.architecture,
                log=self._cache.log_path(program_set.name),
                heartbeat=lambda elapsed: report("still building", elapsed),
                lock=lock,
                modules=self._modules,
            )
            self._cache.publish(
                content,
                kind=KIND,
                name=program_set.name,
                key=key,
                source=f"built with {self.go.version}",
                seconds=usage.seconds,
                peak_process_bytes=usage.peak_process_bytes,
            )
        report("built", usage.seconds)

    def _why_built(self, program_set: ProgramSet) -> str:
        if not program_set.releases:
            own = program_set.requirement is None
            return "it is a program of this project" if own else "no download of it is pinned"
        if not self._downloads(program_set):
            return "no checksum of its download is pinned"
        tried = [source.value for source in self._settings.sources if source is not Source.BUILD]
        if not self._settings.mirror and Source.MIRROR.value in tried:
            tried.remove(Source.MIRROR.value)
        return f"{' and '.join(tried)} did not have it" if tried else "no other source is allowed"
