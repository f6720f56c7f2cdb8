"""Disk space: what is free before work starts, and how much the cache may keep."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from lab.artifacts.cache import Cache, Entry, in_use
from lab.artifacts.errors import DiskSpaceError

GIB = 1 << 30
MAX_CACHE_BYTES = 75 * 10**8
"""The size of the cache when nothing is being built."""
CONTAINERD_BYTES = 15 * 10**8
"""The part that is kept free for the images as containerd unpacks them, which come last."""
SPARE_BYTES = 10**8
"""How much more is removed than must be: what is small, such as logs, is written without a look here."""
MAX_GO_CACHES_GIB = 6.3
"""The size of Go's caches beside it during builds: together less than 15 GB."""


def require_free_space(folder: Path, *, needed_gib: float, purpose: str) -> None:
    """Ensure that the file system of `folder` has enough free space.

    Raises:
        DiskSpaceError: it has not; with both numbers and the remedies.
    """
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free_gib = shutil.disk_usage(existing).free / GIB
    if free_gib < needed_gib:
        raise DiskSpaceError(
            f"{purpose} needs about {needed_gib:.1f} GiB of free disk space below {folder} for the time; "
            f"{free_gib:.1f} GiB are free there. Free some, or name a folder on a larger disk in "
            f"KUBEQUORUM_CACHE_DIR, or name a mirror of the finished releases in KUBEQUORUM_ARTIFACT_MIRROR."
        )


def evict(cache: Cache, *, limit_bytes: int, keep: Iterable[Path]) -> list[Entry]:
    """Remove entries, the least recently used first, when all together are too large.

    Hold the cache's lock while doing so. Go's caches do not count.

    Args:
        cache: the cache.
        limit_bytes: how much may stay; when there is more, `SPARE_BYTES` less.
        keep: folders of entries that stay in any case, as does what is in use.

    Returns:
        What was removed.

    """
    kept, removed = set(keep), []
    goal = limit_bytes
    for entry in cache.entries():
        if cache.finished_bytes() <= goal:
            break
        goal = limit_bytes - SPARE_BYTES
        if entry.path not in kept and not in_use(entry.path):
            cache.remove(entry)
            removed.append(entry)
    return removed
