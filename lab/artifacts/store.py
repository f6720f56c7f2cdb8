"""The artifacts of this computer: which are in the cache, which are missing, and providing those."""

from collections.abc import Iterable
from pathlib import Path

from lab.artifacts import images, machine_root, programs
from lab.artifacts.build.batches import needed_gib
from lab.artifacts.cache import CONTAINERD, Cache, Entry
from lab.artifacts.catalog import PROGRAM_SETS
from lab.artifacts.digest import file_digest
from lab.artifacts.found import Found, Paths
from lab.artifacts.image_catalog import Image
from lab.artifacts.kubernetes_versions import OTHER_MODULES
from lab.artifacts.mirrored_images import mirrored_archives
from lab.artifacts.plan import Plan, make_plan
from lab.artifacts.progress import Event, Progress, silent
from lab.artifacts.releases import read_lock
from lab.artifacts.settings import Settings, Source
from lab.artifacts.space import CONTAINERD_BYTES, MAX_CACHE_BYTES, evict

_IMAGE_SECONDS = 2.0
_OBJECT_PACKAGES = "/usr/local/share/kubequorum/packages"
"""The node program's folder for packages of addons that an image has."""


class Store:
    """Finds and provides artifacts; one object for one run."""

    def __init__(self, settings: Settings, progress: Progress = silent) -> None:
        self.cache = Cache(settings.cache_dir / "artifacts")
        self._settings = settings
        self._progress = progress
        self._lock_file = read_lock()
        self._programs = programs.Programs(
            settings=settings, cache=self.cache, lock=self._lock_file, progress=progress
        )

    def find(self, plan: Plan) -> Found:
        """Look up a plan's artifacts in the cache."""
        found = Found(kubernetes=plan.kubernetes)
        for program_set in plan.program_sets:
            if (entry := self._programs.find(program_set)) is not None:
                found.programs[program_set.name] = entry
        if plan.root:
            key = machine_root.root_key(self._settings.architecture)
            found.root = self.cache.find(machine_root.KIND, machine_root.NAME, key)
        for image in plan.made_images:
            if (key_of_image := self._image_key(image, found)) is not None:
                entry = self.cache.find(images.KIND, image.name, key_of_image)
                if entry is not None:
                    found.images[image.name] = entry
        return found

    def ensure(self, plan: Plan) -> Found:
        """Provide what is missing, and nothing else; waits for another process that does the same.

        Raises:
            ArtifactError: something cannot be provided; with the reason and the remedy.
        """
        # First: what nobody can build is found out before anything is built.
        mirrored = mirrored_archives(plan.images, self._settings.mirror)
        found = self._ensure_made(plan)
        found.mirrored = mirrored
        return found

    def _ensure_made(self, plan: Plan) -> Found:
        """Provide everything but the images of the mirror."""
        found = self.find(plan)
        if _complete(plan, found):
            return found
        with self.cache.lock(self._progress) as lock:
            found = self.find(plan)  # Another process may have provided it.
            missing_sets = [item for item in plan.program_sets if item.name not in found.programs]
            self._announce(plan, found)
            if plan.root and found.root is None:
                found.root = machine_root.make_root(
                    cache=self.cache,
                    architecture=self._settings.architecture,
                    debian_mirror=self._settings.debian_mirror,
                    lock=lock,
                    progress=self._progress,
                )
            if missing_sets:
                self._programs.provide(missing_sets, lock=lock)
                found = self.find(plan)
            for image in plan.made_images:
                if image.name not in found.images:
                    found.images[image.name] = images.make_image(
                        image,
                        programs=found.by_program(),
                        root=found.root,
                        architecture=self._settings.architecture,
                        cache=self.cache,
                        progress=self._progress,
                        kubernetes=plan.kubernetes,
                    )
            unpacked = [entry for entry in self.cache.entries() if entry.kind == CONTAINERD]
            to_come = max(0, CONTAINERD_BYTES - sum(entry.bytes for entry in unpacked))
            self._prune(limit_bytes=MAX_CACHE_BYTES - to_come, keep=[*found.entries(), *unpacked])
        return found

    def prune(self) -> list[Entry]:
        """Remove Go's caches and every entry that this checkout would not use; returns those."""
        with self.cache.lock(self._progress):
            self.cache.trim_go()
            plans = [make_plan(["all"], kubernetes=version) for version in ("", *OTHER_MODULES)]
            return self._prune(
                limit_bytes=0, keep=[entry for plan in plans for entry in self.find(plan).entries()]
            )

    def paths(self, found: Found) -> Paths:
        """Where the found artifacts are."""
        files = {program: entry.content / program for program, entry in found.by_program().items()}
        node_files = {
            path: files[member]
            for name in found.programs
            for release in self._programs.releases(PROGRAM_SETS[name])
            for member, path in release.install.items()
        }
        return Paths(
            programs=files,
            node_files=node_files | _object_packages(found),
            images=found.mirrored
            | {name: entry.content / images.ARCHIVE for name, entry in found.images.items()},
            image_keys={name: file_digest(path) for name, path in found.mirrored.items()}
            | {name: entry.key for name, entry in found.images.items()},
            root=found.root.content if found.root else None,
            kubernetes=found.kubernetes,
        )

    def _image_key(self, image: Image, found: Found) -> str | None:
        """Compute the key of an image; None while something that it is made from is missing."""
        by_program = found.by_program()
        if not set(image.programs.values()) <= set(by_program) or (image.userland and found.root is None):
            return None
        return images.image_key(
            image,
            programs=by_program,
            root=found.root,
            architecture=self._settings.architecture,
            kubernetes=found.kubernetes,
        )

    def _prune(self, *, limit_bytes: int, keep: list[Entry]) -> list[Entry]:
        """Remove unused entries, the least recently used first, until the cache is small enough."""
        removed = evict(self.cache, limit_bytes=limit_bytes, keep=[entry.path for entry in keep])
        for entry in removed:
            self._progress(Event(what="cache", message=f"removed {entry.path.name}, which is not used"))
        return removed

    def _places(self) -> str:
        """The sources that are tried, for a person."""
        words = {
            Source.MIRROR: f"the mirror {self._settings.mirror}" if self._settings.mirror else "",
            Source.UPSTREAM: "upstream, where a download is pinned and can be reached",
            Source.BUILD: "a build on this computer, from pinned Go modules or Debian packages",
        }
        return ", else ".join(words[item] for item in self._settings.sources if words[item])

    def build_seconds(self, plan: Plan, found: Found) -> float:
        """How long it takes to build what is missing, by measurements on two cores; 0 if nothing is."""
        seconds = sum(item.build_seconds for item in plan.program_sets if item.name not in found.programs)
        seconds += machine_root.EXPECTED_SECONDS if plan.root and found.root is None else 0
        return seconds + sum(_IMAGE_SECONDS for image in plan.made_images if image.name not in found.images)

    def _announce(self, plan: Plan, found: Found) -> None:
        missing = [item for item in plan.program_sets if item.name not in found.programs]
        names = [item.name for item in missing]
        names += [machine_root.NAME] if plan.root and found.root is None else []
        names += [f"image {image.name}" for image in plan.made_images if image.name not in found.images]
        # They are built one after the other.
        gib = max(needed_gib(missing), machine_root.NEEDED_GIB if plan.root and found.root is None else 0)
        self._progress(
            Event(
                what="artifacts",
                message=f"missing in {self.cache.root}: {', '.join(names)}. "
                f"Each comes from {self._places()}. If all of it must be built, that needs {gib:.1f} GiB "
                f"of disk for the time; at most {MAX_CACHE_BYTES / 1e9:.1f} GB are kept",
                expected_seconds=self.build_seconds(plan, found),
            )
        )


def ensure(
    what: Iterable[str],
    progress: Progress = silent,
    *,
    settings: Settings | None = None,
    kubernetes: str = "",
) -> Paths:
    """Ensure that artifacts are in the cache; where they are.

    Args:
        what: any of `programs`, `images`, `root`, `all`, a name in `PROGRAM_SETS`, or `image:<name>`.
        progress: receives what is done, where it comes from and how long it takes.
        settings: the user's choices; None reads them from the environment.
        kubernetes: the version of Kubernetes; the default one if it cannot be built.

    Raises:
        ArtifactError: one cannot be provided; with the reason and the remedy.
    """
    store = Store(settings or Settings.from_environment(), progress)
    return store.paths(store.ensure(make_plan(what, kubernetes=kubernetes)))


def _object_packages(found: Found) -> dict[str, Path]:
    """Packages of addons by where masters look for them: named after their checksum."""
    files = [
        entry.content / file
        for name, entry in found.programs.items()
        for file in PROGRAM_SETS[name].object_packages.values()
    ]
    return {f"{_OBJECT_PACKAGES}/{file_digest(file)}": file for file in files}


def _complete(plan: Plan, found: Found) -> bool:
    return (
        len(found.programs) == len(plan.program_sets)
        and len(found.images) == len(plan.made_images)
        and (found.root is not None or not plan.root)
    )
