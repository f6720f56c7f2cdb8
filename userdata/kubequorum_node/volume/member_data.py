"""The data of the slot's etcd member on its volume: read ahead, or quarantined when they are unusable."""

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
            f"the member's data ({size >> 20} MiB) are quarantined in {QUARANTINE_FOLDER}: delete them when "
            "nobody needs them"
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
