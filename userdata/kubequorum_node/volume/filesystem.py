"""The file system on the slot's volume: created only where there is none, checked, and mounted."""

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm.cluster_configuration import DATA_FOLDER
from kubequorum_node.log import info
from kubequorum_node.node import Node
from kubequorum_node.volume.slot_volume import SlotVolume

MOUNT_POINT = "/var/lib/etcd"
_WAL_FOLDER = f"{DATA_FOLDER}/member/wal"
_KIND = "ext4"
_MOUNT_OPTIONS = "noatime,nodev,nosuid,noexec"
_NOTHING_FOUND = 2
"""blkid's status for a device without any signature (blkid(8))."""
_UNCORRECTED = 4
"""fsck.ext4's status bit for errors left uncorrected (e2fsck(8))."""
_NOT_CHECKED = 8
"""Its status bits for a check that could not be made: an operational error, wrong usage, cancelled."""
_CHECK_SECONDS = 300
"""A journal is replayed in seconds; a full check of a volume that lost power twice takes longer."""
_UNMOUNT_SECONDS = 15.0


class FileSystemError(NodeError):
    """The volume holds something that must not be overwritten, or that cannot be identified."""


class DamagedError(FileSystemError):
    """The file system is damaged, and cannot be repaired without losing data."""


def mount(node: Node, volume: SlotVolume) -> None:
    """Mount the volume; create the file system if it has none, and grow it with its volume.

    Raises:
        DamagedError: its file system is damaged.
        FileSystemError: it has another kind, it cannot be checked, or another volume is mounted there.

    """
    if node.host.is_mount_point(MOUNT_POINT):
        _check_source(node, volume)
        info(f"{MOUNT_POINT} is mounted already")
    else:
        found = kind(node, volume.device)
        if found is None:
            info(f"{volume} is blank: creating an {_KIND} file system")
            create(node, volume)
        elif found == _KIND:
            _check(node, volume)
        else:
            raise FileSystemError(
                f"{volume} holds {found}, not {_KIND}: nothing was changed. If nothing on it is needed, "
                "wipe its first MiB; otherwise give the slot its own volume"
            )
        node.host.path(MOUNT_POINT).mkdir(parents=True, exist_ok=True)
        node.host.run("mount", "-t", _KIND, "-o", _MOUNT_OPTIONS, volume.device, MOUNT_POINT)
    grow(node, volume)
    data = node.host.path(DATA_FOLDER)
    data.mkdir(mode=0o700, exist_ok=True)
    data.chmod(0o700)


def grow(node: Node, volume: SlotVolume) -> None:
    """Grow the mounted file system to the size of its volume; does nothing unless that has grown."""
    node.host.run("resize2fs", volume.device, timeout=_CHECK_SECONDS)


def create(node: Node, volume: SlotVolume, *, overwrite: bool = False) -> None:
    """Create an empty file system.

    Args:
        node: the node.
        volume: the slot's volume.
        overwrite: whether there may be a file system, which is lost with all its data.

    """
    force = ("-F", "-F") if overwrite else ()
    label = f"etcd-{node.slot}"
    node.host.run("mkfs.ext4", *force, "-q", "-m", "0", "-L", label, volume.device, timeout=_CHECK_SECONDS)


def unmount(node: Node) -> None:
    """Unmount the volume, which writes everything to it.

    Raises:
        WaitError: it is still in use.

    """
    if not node.host.is_mount_point(MOUNT_POINT):
        info(f"nothing is mounted on {MOUNT_POINT}")
        return

    def attempt() -> None:
        try:
            node.host.run("umount", MOUNT_POINT, timeout=_UNMOUNT_SECONDS)
        except CommandError as error:
            raise NotYetError(str(error)) from error

    node.clock.poll(f"{MOUNT_POINT} unmounted", attempt, seconds=_UNMOUNT_SECONDS, pause=0.5)


def kind(node: Node, device: str) -> str | None:
    """What is on a device: the name of a file system, or of whatever else is recognised; None if it is blank.

    Raises:
        FileSystemError: it cannot be identified. Only "nothing found" counts as blank.

    """
    probed = node.host.run("blkid", "-p", "-o", "export", device, check=False)
    if probed.returncode == _NOTHING_FOUND and not probed.stdout.strip():
        return None
    values = dict(line.split("=", 1) for line in probed.stdout.splitlines() if "=" in line)
    found = values.get("TYPE") or values.get("PTTYPE")
    if probed.returncode != 0 or not found:
        said = (probed.stderr or probed.stdout).strip()
        raise FileSystemError(
            f"the content of {device} cannot be identified (blkid exited with status {probed.returncode}: "
            f"{said}), so it is not touched. See `dmesg` and the volume's status checks"
        )
    return found if "TYPE" in values else f"a partition table ({found})"


def has_wal(node: Node) -> bool:
    """Whether etcd has ever written to the volume."""
    return any(node.host.path(_WAL_FOLDER).glob("*.wal"))


def _check(node: Node, volume: SlotVolume) -> None:
    done = node.host.run("fsck.ext4", "-p", volume.device, timeout=_CHECK_SECONDS, check=False)
    if done.returncode < _UNCORRECTED:
        return
    said = f"(fsck.ext4 exited with status {done.returncode}): {(done.stdout + done.stderr).strip()}"
    if done.returncode >= _NOT_CHECKED:
        raise FileSystemError(
            f"the file system of {volume} could not be checked, so it is not touched {said}"
        )
    raise DamagedError(f"the file system of {volume} is damaged {said}")


def _check_source(node: Node, volume: SlotVolume) -> None:
    try:
        source = node.host.run("findmnt", "-n", "-o", "SOURCE", "--mountpoint", MOUNT_POINT).stdout.strip()
    except CommandError as error:
        raise FileSystemError(f"the source of the mount on {MOUNT_POINT} is unknown: {error}") from error
    mounted, wanted = (node.host.path(path).resolve() for path in (source, volume.device))
    if mounted != wanted:
        raise FileSystemError(
            f"{source} is mounted on {MOUNT_POINT}, but {volume} is {volume.device}: unmount {MOUNT_POINT}"
        )
