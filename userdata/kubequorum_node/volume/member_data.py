"""The data of the slot's etcd member on its volume: read ahead, quarantined, or kept by a restore."""

import os
import shutil
import sys
from pathlib import Path
from threading import Thread

from kubequorum_node.kubeadm.cluster_configuration import DATA_FOLDER
from kubequorum_node.log import warning
from kubequorum_node.node import Node

MEMBER_FOLDER = f"{DATA_FOLDER}/member"
QUARANTINE_FOLDER = "/var/lib/etcd/quarantine"
"""On the same file system: a move there is atomic."""
KEPT_FOLDER = "/var/lib/etcd/before-restore-{:06d}"
"""What a restore has replaced, after the restore's number; there as well."""
_SPARE_FACTOR = 2
"""The new data may become as large as the old, and a snapshot of the leader is written beside them."""


def quarantine(node: Node) -> None:
    """Move the member's data away; one copy is kept for a person to examine if there is room for it.

    Safe to repeat after a crash: an older copy is deleted before the data are moved, and they are moved
    atomically.
    """
    data, quarantined = node.host.path(MEMBER_FOLDER), node.host.path(QUARANTINE_FOLDER)
    if not data.exists():
        return
    size = _size_bytes(data)
    drop_quarantine(node)
    free = node.host.space(DATA_FOLDER).free_bytes
    quarantined.mkdir(mode=0o700)
    data.rename(quarantined / data.name)
    if free >= _SPARE_FACTOR * size:
        warning(
            f"the member's data ({size >> 20} MiB) are quarantined in {QUARANTINE_FOLDER}: run "
            "`kubequorum-node delete-kept-data` when nobody needs them"
        )
    else:
        warning(
            f"the member's data ({size >> 20} MiB) are deleted, not quarantined: only {free >> 20} MiB are "
            "free"
        )
        drop_quarantine(node)


def drop_quarantine(node: Node) -> bool:
    """Delete what is quarantined; returns whether there was anything."""
    quarantined = node.host.path(QUARANTINE_FOLDER)
    if not quarantined.exists():
        return False
    shutil.rmtree(quarantined)
    return True


def keep(node: Node, *, restore: int) -> None:
    """Move the member's data out of the way of a restore; safe to repeat after a crash."""
    data, kept = node.host.path(MEMBER_FOLDER), node.host.path(KEPT_FOLDER.format(restore))
    if not data.exists():
        return
    size = _size_bytes(data)
    if kept.exists():
        # Of another attempt; after a crash behind the move there are no data, and this is not reached.
        shutil.rmtree(kept)
    kept.mkdir(mode=0o700)
    data.rename(kept / data.name)
    warning(
        f"the member's data ({size >> 20} MiB) are kept in {KEPT_FOLDER.format(restore)}, until the volume "
        "needs the room or somebody runs `kubequorum-node delete-kept-data`"
    )


def drop_copy(node: Node) -> bool:
    """Delete one copy of data that are not in use, the least valuable; returns whether there was one.

    What is quarantined the other members have, too. Of what restores have replaced the oldest goes first.
    """
    if drop_quarantine(node):
        return True
    copies = _replaced_by_restores(node)
    for copy in copies[:1]:
        shutil.rmtree(copy)
        warning(f"deleted {copy.name}, the data from before a restore: the volume needs the room")
    return bool(copies)


def delete_copies(node: Node) -> None:
    """Delete all copies that are not in use, as a person has decided, and print what they were."""
    quarantined = node.host.path(QUARANTINE_FOLDER)
    copies = [*_replaced_by_restores(node), *([quarantined] if quarantined.exists() else [])]
    for copy in copies:
        size = _size_bytes(copy)
        shutil.rmtree(copy)
        print(f"deleted {copy.name}: {size >> 20} MiB")
    if not copies:
        print("nothing is kept on this volume but the member's data")


def _replaced_by_restores(node: Node) -> list[Path]:
    """What restores have replaced, the oldest first."""
    pattern = node.host.path(KEPT_FOLDER.format(0))
    return sorted(pattern.parent.glob(f"{pattern.name.rstrip('0')}*"))


def read_ahead(node: Node) -> None:
    """Have the kernel read the database into memory while the boot continues; returns at once.

    etcd reads all of it before it serves, and nothing of a volume that was just attached is in memory.
    """
    database = node.host.path(f"{MEMBER_FOLDER}/snap/db")
    # The call may block as long as the reading takes, because the disk's queue is short.
    Thread(target=_read_ahead, args=(database,), daemon=True).start()


def _read_ahead(file: Path) -> None:
    if sys.platform != "linux":
        return
    try:
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)
    except OSError:
        return


def _size_bytes(folder: Path) -> int:
    """What the files occupy on the disk: a write-ahead log is larger than what is in it."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
