"""What the node program needs of a container runtime."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from kubequorum_node.clock import Clock
from kubequorum_node.host import Host
from kubequorum_node.runtime.cri import Cri
from kubequorum_node.supervision import systemctl, unit_files

PAUSE_IMAGE = "pause:3.10.2"
"""What holds a pod's namespaces."""
_REGISTRY = "registry.k8s.io"
_USERS = ("kubelet.service", "kubequorum-shutdown.service")
"""Units that need it: they start after it and stop before it."""


class ContainerRuntime(ABC):
    """A container runtime with a CRI socket, run by systemd. Its subclasses say what differs."""

    unit: ClassVar[str]
    """Its systemd unit, whose file is in userdata/units."""
    socket: ClassVar[str]
    """URL of its CRI socket."""
    artifacts: ClassVar[Sequence[str]]
    """What it is installed from: names in the lock file."""

    def __init__(self, host: Host, clock: Clock) -> None:
        self._host = host
        self.cri = Cri(host, clock, socket=self.socket)

    @abstractmethod
    def configure(self, *, sandbox_image: str) -> bool:
        """Write its configuration; returns whether a running one has to be restarted for it.

        Args:
            sandbox_image: what holds the namespaces of each pod.

        """

    def start(self, *, image_repository: str, has_new_settings: bool = False) -> None:
        """Configure and start it, and wait until it serves pods; a restart leaves running pods alone.

        Args:
            image_repository: registry of the control plane's images; empty for the upstream one.
            has_new_settings: whether it has to be restarted for settings that were written elsewhere.

        Raises:
            WaitError: it does not serve pods.

        """
        changed = self.configure(sandbox_image=f"{image_repository or _REGISTRY}/{PAUSE_IMAGE}")
        changed = changed or has_new_settings
        self.cri.configure()
        order = f"[Unit]\nAfter={self.unit}\nWants={self.unit}\n"
        systemctl.install(
            self._host,
            {self.unit: unit_files.read(self.unit)} | {f"{user}.d/10-runtime.conf": order for user in _USERS},
        )
        systemctl.enable(self._host, self.unit)
        # The image's own may run already, with another configuration.
        (systemctl.restart if changed else systemctl.start)(self._host, self.unit)
        self.cri.wait_until_up(unit=self.unit)
