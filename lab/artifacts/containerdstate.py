"""The initial content of machines' /var/lib/containerd, kept in the cache: all images, unpacked."""

import time
from pathlib import Path

from lab.artifacts import containerd_folder
from lab.artifacts.cache import CONTAINERD, Cache, in_use
from lab.artifacts.digest import content_key
from lab.artifacts.progress import Event, Progress
from lab.artifacts.store import Paths

NAME = "state"
# Increased when the same images must result in another folder.
_RECIPE = 2


def ensure_containerd_state(paths: Paths, *, cache: Cache, progress: Progress) -> Path:
    """The folder; made from the images of `paths` if it is not in the cache.

    Raises:
        ArtifactError: containerd does not start or refuses an image; with its output.
    """
    containerd, ctr = paths.programs["containerd"], paths.programs["ctr"]
    # The name of a cache entry's folder contains the key of its content.
    key = content_key(
        {"recipe": _RECIPE, "images": paths.images_key, "containerd": containerd.parents[1].name}
    )
    if (found := cache.find(CONTAINERD, NAME, key)) is not None:
        return found.content
    with cache.lock(progress), cache.staging() as staging:
        if (found := cache.find(CONTAINERD, NAME, key)) is not None:
            return found.content
        progress(Event(what="images", message="unpacking them for containerd, once", expected_seconds=6))
        began = time.monotonic()
        content = staging / "content"
        containerd_folder.make(content, containerd=containerd, ctr=ctr, archives=paths.images.values())
        # Each is almost a GiB, and only the newest is used.
        for old in cache.entries():
            if old.kind == CONTAINERD and not in_use(old.path):
                cache.remove(old)
        return cache.publish(
            content,
            kind=CONTAINERD,
            name=NAME,
            key=key,
            source="images imported by containerd",
            seconds=time.monotonic() - began,
        ).content
