"""The file system on the slot's volume: made only where there is none, and mounted."""

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm.cluster_configuration import DATA_FOLDER
from kubequorum_node.log import say
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record

MOUNT_POINT = "/var/lib/etcd"
_WAL_FOLDER = f"{DATA_FOLDER}/member/wal"
_KIND = "ext4"
_MOUNT_OPTIONS = "noatime,nodev,nosuid,noexec"
_NOTHING_FOUND = 2
"""blkid's status for a device without any signature (blkid(8))."""
_UNCORRECTED = 4
"""fsck.ext4's status bit for errors left uncorrected (e2fsck(8))."""
_NOT_CHECKED = 8
"""Its bits for a check that could not be made: an operational error, wrong usage, cancelled."""
_CHECK_SECONDS = 300
"""A journal is replayed in seconds; a full check of a volume that lost power twice takes longer."""
_UNMOUNT_SECONDS = 15.0


class FileSystemError(NodeError):
    """The volume holds something that must not be overwritten, or cannot be told."""


class DamagedError(FileSystemError):
    """The file system is damaged, and cannot be put right without a loss."""


def mount(node: Node, device: str) -> None:
    """Mount the volume; make the file system if it has none, and let it grow with its volume.

    Args:
        node: the machine.
        device: path of the volume's device.

    Raises:
        DamagedError: its file system is damaged.
        FileSystemError: another kind is on it, it cannot be checked, or another volume is mounted there.

    """
    if node.host.is_mount_point(MOUNT_POINT):
        _check_source(node, device)
        say(f"{MOUNT_POINT} is mounted already")
    else:
        found = kind(node, device)
        if found is None:
            say(f"volume {slot_record.volume(node)} is blank: making an {_KIND} file system")
            make(node, device)
        elif found == _KIND:
            _check(node, device)
        else:
            raise FileSystemError(
                f"volume {slot_record.volume(node)} of slot {node.slot} holds {found}, not {_KIND}: nothing "
                "was changed. If nothing on it is needed, wipe its first MiB; else give the slot its own "
                "volume"
            )
        node.host.path(MOUNT_POINT).mkdir(parents=True, exist_ok=True)
        node.host.run("mount", "-t", _KIND, "-o", _MOUNT_OPTIONS, device, MOUNT_POINT)
    grow(node, device)
    data = node.host.path(DATA_FOLDER)
    data.mkdir(mode=0o700, exist_ok=True)
    data.chmod(0o700)


def grow(node: Node, device: str) -> None:
    """Let the mounted file system grow with its volume; nothing to do unless that has grown."""
    node.host.run("resize2fs", device, timeout=_CHECK_SECONDS)


def make(node: Node, device: str, *, over_another: bool = False) -> None:
    """Make an empty file system.

    Args:
        node: the machine.
        device: path of the volume's device.
        over_another: whether there may be one, which is lost then with all that is in it.

    """
    force = ("-F", "-F") if over_another else ()
    label = f"etcd-{node.slot}"
    node.host.run("mkfs.ext4", *force, "-q", "-m", "0", "-L", label, device, timeout=_CHECK_SECONDS)


def unmount(node: Node) -> None:
    """Unmount the volume; everything on it is written then.

    Raises:
        WaitError: somebody still uses it.

    """
    if not node.host.is_mount_point(MOUNT_POINT):
        say(f"nothing is mounted on {MOUNT_POINT}")
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
        FileSystemError: it cannot be told. Only "nothing found" counts as blank.

    """
    probed = node.host.run("blkid", "-p", "-o", "export", device, check=False)
    if probed.returncode == _NOTHING_FOUND and not probed.stdout.strip():
        return None
    values = dict(line.split("=", 1) for line in probed.stdout.splitlines() if "=" in line)
    found = values.get("TYPE") or values.get("PTTYPE")
    if probed.returncode != 0 or not found:
        said = (probed.stderr or probed.stdout).strip()
        raise FileSystemError(
            f"it cannot be told what is on {device} (blkid ended with status {probed.returncode}: {said}); "
            "it is left alone"
        )
    return found if "TYPE" in values else f"a partition table ({found})"


def has_wal(node: Node) -> bool:
    """Whether etcd has ever written to the volume."""
    return any(node.host.path(_WAL_FOLDER).glob("*.wal"))


def _check(node: Node, device: str) -> None:
    done = node.host.run("fsck.ext4", "-p", device, timeout=_CHECK_SECONDS, check=False)
    if done.returncode < _UNCORRECTED:
        return
    said = f"(fsck.ext4 ended with status {done.returncode}): {(done.stdout + done.stderr).strip()}"
    what = f"volume {slot_record.volume(node)} of slot {node.slot}"
    if done.returncode >= _NOT_CHECKED:
        raise FileSystemError(f"the file system of {what} could not be checked {said}. It is left alone")
    raise DamagedError(f"the file system of {what} is damaged {said}")


def _check_source(node: Node, device: str) -> None:
    try:
        source = node.host.run("findmnt", "-n", "-o", "SOURCE", "--mountpoint", MOUNT_POINT).stdout.strip()
    except CommandError as error:
        raise FileSystemError(f"it cannot be told what is mounted on {MOUNT_POINT}: {error}") from error
    mounted, wanted = (node.host.path(path).resolve() for path in (source, device))
    if mounted != wanted:
        raise FileSystemError(
            f"{source} is mounted on {MOUNT_POINT}, but volume {slot_record.volume(node)} is {device}: "
            "unmount it"
        )
