"""Programs of the operating system that Kubernetes runs; Debian's cloud images have most of them."""

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.host import CommandError
from kubequorum_node.log import info
from kubequorum_node.node import Node

_NEEDED = {
    "ip": "iproute2",
    "bridge": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "openssl": "openssl",
    "modprobe": "kmod",
    "sysctl": "procps",
    "mount": "mount",
}
_NEEDED_BY_MASTERS = {"blkid": "util-linux", "mkfs.ext4": "e2fsprogs", "resize2fs": "e2fsprogs"}
_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3", "-qq", "-y")
_TIMEOUT_SECONDS = 240
_LOCKED = "Could not get lock"
"""Of the lists, which apt-daily of a Debian image updates after a boot. apt waits for dpkg's lock only."""
_LOCK_SECONDS = 120.0


def install(node: Node) -> None:
    """Install the packages of missing programs; without any, no mirror is contacted.

    Raises:
        NodeError: a program is missing and cannot be installed.

    """
    needed = _NEEDED | (_NEEDED_BY_MASTERS if node.is_master else {})
    missing = {program: package for program, package in needed.items() if not _is_there(node, program)}
    if not missing:
        return
    packages = sorted(set(missing.values()))
    info(f"the image has no {', '.join(sorted(missing))}: installing {', '.join(packages)}")
    try:
        node.clock.poll("apt's lists", lambda: _update(node), seconds=_LOCK_SECONDS, pause=3.0)
        node.host.run(*_APT, "install", "--no-install-recommends", *packages, timeout=_TIMEOUT_SECONDS)
    except (CommandError, WaitError) as error:
        raise NodeError(
            f"the image lacks {', '.join(sorted(missing))} and apt-get could not install "
            f"{', '.join(packages)}: {error}. Use an image that has them"
        ) from error


def _update(node: Node) -> None:
    try:
        node.host.run(*_APT, "update", timeout=_TIMEOUT_SECONDS)
    except CommandError as error:
        if _LOCKED in str(error):
            raise NotYetError(str(error)) from error
        raise


def _is_there(node: Node, program: str) -> bool:
    folders = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
    return any(node.host.path(f"{folder}/{program}").exists() for folder in folders)
