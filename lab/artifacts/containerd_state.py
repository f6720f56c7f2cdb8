"""The initial content of machines' /var/lib/containerd: all images, unpacked once by containerd itself.

It is kept in the cache, so that no machine has to unpack anything.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from lab.artifacts.cache import CONTAINERD, Cache, in_use
from lab.artifacts.digest import content_key
from lab.artifacts.errors import ArtifactError
from lab.artifacts.found import Paths
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.progress import Event, Progress
from lab.artifacts.space import MAX_CACHE_BYTES, evict

_NAME = "state"
# Increased when the same images must result in another folder.
_RECIPE = 3

# Only what importing takes; nothing of it listens outside its folder.
_CONFIGURATION = """version = 3
disabled_plugins = [
  "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri",
]
"""

# Waits until containerd serves, and imports one archive after another into the kubelet's namespace.
_IMPORT = """set -e
work=$1 containerd=$2 ctr=$3; shift 3
"$containerd" --config "$work/config.toml" --root "$work/root" --state "$work/state" \\
  --address "$work/socket" --log-level warn &
for _ in $(seq 100); do
  "$ctr" --address "$work/socket" version >/dev/null 2>&1 && break
  sleep 0.1
done
for archive; do
  "$ctr" --address "$work/socket" --namespace k8s.io images import --snapshotter overlayfs "$archive"
done
kill $!
wait $! || true
"""

# Whatever containerd mounts or starts ends with the script, however that ends.
_CONTAINED = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def ensure_containerd_state(paths: Paths, *, cache: Cache, progress: Progress) -> Path:
    """The folder; made from the images of `paths` if it is not in the cache.

    Raises:
        ArtifactError: containerd does not start or refuses an image; with its output.
    """
    if (found := cache.find(CONTAINERD, _name(paths, paths.images), _key(paths, paths.images))) is not None:
        return found.content
    with cache.lock(progress):
        return _ensure(paths, paths.images, cache=cache, progress=progress)


def _ensure(paths: Paths, images: Collection[str], *, cache: Cache, progress: Progress) -> Path:
    """The folder with some of the images; hold the cache's lock.

    Images of addons are added to the folder with all others, whose files it shares.
    """
    name, key = _name(paths, images), _key(paths, images)
    if (found := cache.find(CONTAINERD, name, key)) is not None:
        return found.content
    of_addons = [image for image in images if IMAGES[image].addon]
    others = [image for image in images if not IMAGES[image].addon]
    base = _ensure(paths, others, cache=cache, progress=progress) if of_addons and others else None
    with cache.staging() as staging:
        progress(Event(what="images", message="unpacking them for containerd, once", expected_seconds=6))
        began = time.monotonic()
        content = staging / "content"
        import_images(
            content,
            containerd=paths.programs["containerd"],
            ctr=paths.programs["ctr"],
            archives=[paths.images[image] for image in (of_addons if base is not None else images)],
            base=base,
        )
        # Of those with the same images only the newest is used. One with other images may be what machines of
        # another cluster start with.
        for old in cache.entries():
            if (old.kind, old.name) == (CONTAINERD, name) and not in_use(old.path):
                cache.remove(old)
        published = cache.publish(
            content,
            kind=CONTAINERD,
            name=name,
            key=key,
            source="images imported by containerd",
            seconds=time.monotonic() - began,
        )
    # A folder that was made with images of before shares nothing with this one.
    evict(cache, limit_bytes=MAX_CACHE_BYTES, keep=[published.path, *_entries_of(paths, base)])
    return published.content


def _entries_of(paths: Paths, base: Path | None) -> list[Path]:
    """Folders of the cache's entries that a machine is made of."""
    contents = [*([paths.root] if paths.root else []), *([base] if base else [])]
    files = [*paths.programs.values(), *paths.images.values()]
    return [*(content.parent for content in contents), *(file.parents[1] for file in files)]


def _name(paths: Paths, images: Collection[str]) -> str:
    """`state`, the version of Kubernetes and the images of addons, e.g. `state-1.37.2-metrics-server`."""
    addons = sorted(image for image in images if IMAGES[image].addon)
    return "-".join([_NAME, *([paths.kubernetes] if paths.kubernetes else []), *addons])


def _key(paths: Paths, images: Collection[str]) -> str:
    # The name of a cache entry's folder contains the key of its content.
    return content_key({
        "recipe": _RECIPE,
        "images": {image: paths.image_keys[image] for image in sorted(images)},
        "containerd": paths.programs["containerd"].parents[1].name,
    })  # fmt: skip


def import_images(
    target: Path, *, containerd: Path, ctr: Path, archives: Iterable[Path], base: Path | None = None
) -> None:
    """Make the folder `target`, which must not exist, with the images of some archives in it.

    With `base`, another such folder on the same file system, it has those of that one, too, as hard links.

    Raises:
        FileExistsError: `target` exists.
        ArtifactError: containerd or an import failed; `target` does not exist then.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already; images are imported into a new folder only")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        (work / "config.toml").write_text(_CONFIGURATION)
        if base is not None:
            shutil.copytree(base, work / "root", copy_function=_link, symlinks=True)
        script = ["/bin/bash", "-c", _IMPORT, "import", str(work), str(containerd), str(ctr)]
        done = subprocess.run(
            [*_CONTAINED, *script, *map(str, archives)],
            env={"PATH": f"{containerd.parent}{os.pathsep}/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ArtifactError(f"images cannot be imported into {target}: {done.stdout}{done.stderr}")
        (work / "root").rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _link(source: str, target: str) -> None:
    """Link a file; containerd's databases, which are changed in place, are copied."""
    if source.endswith(".db"):
        shutil.copy2(source, target)
    else:
        os.link(source, target, follow_symlinks=False)
