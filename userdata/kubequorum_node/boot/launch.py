"""The launch of this instance: when it began and how it ended. On disk, because boots may be repeated."""

import json
from dataclasses import asdict, dataclass, replace

from kubequorum_node.log import warning
from kubequorum_node.node import Node

FOLDER = "/var/lib/kubequorum"
_FILE = f"{FOLDER}/launch.json"
_BOOT_ID = "/proc/sys/kernel/random/boot_id"

IN_SERVICE = "in service"
"""Its health was proved: from here on a failed boot is retried on this instance."""
ABANDONED = "abandoned"
"""Its failure was reported, and its group replaces it."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What is known of the launch."""

    kernel: str
    """The kernel's boot id at `began`."""
    began: float
    """Seconds on the kernel's monotonic clock."""
    began_at: float
    """The same moment by the wall clock, for use after a restart of the host."""
    outcome: str = ""
    """IN_SERVICE, ABANDONED, or empty while it lasts."""


def current(node: Node) -> Launch:
    """The launch as it stands; the first call on an instance begins it."""
    known = _read(node)
    if known is not None:
        return known
    begun = Launch(kernel=_kernel(node), began=node.clock.now(), began_at=node.clock.wall_time())
    _write(node, begun)
    return begun


def seconds_used(node: Node) -> float:
    """How long the launch has lasted, over all attempts and restarts."""
    launch = current(node)
    if launch.kernel == _kernel(node):
        return max(0.0, node.clock.now() - launch.began)
    return max(0.0, node.clock.wall_time() - launch.began_at)


def end(node: Node, outcome: str) -> None:
    """Record how it ended."""
    _write(node, replace(current(node), outcome=outcome))


def _read(node: Node) -> Launch | None:
    text = node.host.read(_FILE)
    if text is None:
        return None
    try:
        return Launch(**json.loads(text))
    except (ValueError, TypeError) as error:
        warning(f"{_FILE} cannot be read ({error!r}): the launch timer restarts")
        return None


def _write(node: Node, launch: Launch) -> None:
    node.host.write(_FILE, json.dumps(asdict(launch)), mode=0o600)


def _kernel(node: Node) -> str:
    return (node.host.read(_BOOT_ID) or "").strip()
