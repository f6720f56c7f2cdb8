"""What the slot's etcd member has on its volume: read ahead, or put aside when it cannot be used any more."""

import os
import shutil
import sys
from pathlib import Path
from threading import Thread

from kubequorum_node.kubeadm.cluster_configuration import DATA_FOLDER
from kubequorum_node.log import say
from kubequorum_node.node import Node

MEMBER_FOLDER = f"{DATA_FOLDER}/member"
ASIDE_FOLDER = "/var/lib/etcd/put-aside"
"""On the same file system: data get there in one step, or not at all."""
_SPARE_FACTOR = 2
"""The new data may become as large as the old, and a snapshot of the leader is written beside them."""


def put_aside(node: Node) -> None:
    """Take the member's data away, and keep one copy of them for a person to look at if there is room for it.

    Repeated after a crash it goes on where it stopped: an older copy is given up before the data are moved,
    and they are moved in one step.
    """
    data, aside = node.host.path(MEMBER_FOLDER), node.host.path(ASIDE_FOLDER)
    if not data.exists():
        return
    size = _size_bytes(data)
    drop_copy(node)
    free = node.host.space(DATA_FOLDER).free_bytes
    aside.mkdir(mode=0o700)
    data.rename(aside / data.name)
    if free >= _SPARE_FACTOR * size:
        say(f"the member's data ({size >> 20} MiB) are in {ASIDE_FOLDER}: remove them when nobody needs them")
    else:
        say(f"the member's data ({size >> 20} MiB) are removed, not kept: only {free >> 20} MiB are free")
        drop_copy(node)


def read_ahead(node: Node) -> None:
    """Have the kernel read the database from the volume while the boot goes on; returns at once.

    etcd reads all of it before it serves, and nothing of a volume that was just attached is in memory.
    """
    database = node.host.path(f"{MEMBER_FOLDER}/snap/db")
    # The call may last as long as the reading, for the disk's queue is short.
    Thread(target=_read_ahead, args=(database,), daemon=True).start()


def _read_ahead(file: Path) -> None:
    if sys.platform != "linux":
        return
    try:
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)
    except OSError:
        return


def drop_copy(node: Node) -> bool:
    """Remove what was put aside; says whether there was anything."""
    aside = node.host.path(ASIDE_FOLDER)
    if not aside.exists():
        return False
    shutil.rmtree(aside)
    return True


def _size_bytes(folder: Path) -> int:
    """What the files take on the disk: a write-ahead log is larger than what is in it."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
