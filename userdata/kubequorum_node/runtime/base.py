"""What the node program needs of a container runtime.

Its images are no part of this: kubeadm's preflight checks pull them through the CRI socket of any runtime.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from kubequorum_node.clock import Clock
from kubequorum_node.host import Host
from kubequorum_node.runtime.cri import Cri
from kubequorum_node.supervision import systemctl, unit_files

PAUSE_IMAGE = "pause:3.10.2"
"""What holds a pod's namespaces."""
ENVIRONMENT = "/etc/default/kubequorum-runtime"
"""Variables of the runtime's services; its units read the file after the image's own."""
_REGISTRY = "registry.k8s.io"


class ContainerRuntime(ABC):
    """A container runtime with a CRI socket, run by systemd. Its subclasses say what differs."""

    units: ClassVar[Sequence[str]]
    """Its systemd units in the order in which they start, with files in userdata/units. The last one serves
    the CRI."""
    socket: ClassVar[str]
    """URL of its CRI socket."""
    artifacts: ClassVar[Sequence[str]]
    """What it is installed from: names in the lock file."""

    def __init__(self, host: Host, clock: Clock) -> None:
        self._host = host
        self.cri = Cri(host, clock, socket=self.socket)

    @abstractmethod
    def configure(self, *, sandbox_image: str, extra: str) -> bool:
        """Write its configuration; returns whether a running one has to be restarted for it.

        Args:
            sandbox_image: what holds the namespaces of each pod.
            extra: settings of the cluster file, in the runtime's own format; may be empty.

        """

    def start(
        self,
        *,
        image_repository: str,
        extra: str = "",
        environment: Mapping[str, str] | None = None,
        needed_by: Sequence[str] = (),
    ) -> None:
        """Configure and start it, and wait until it serves pods; a restart leaves running pods alone.

        Args:
            image_repository: registry of the control plane's images; empty for the upstream one.
            extra: see `configure`.
            environment: variables of its services, none of them a secret.
            needed_by: units that use it: they start after it and stop before it.

        Raises:
            WaitError: it does not serve pods.

        """
        changed = self.configure(sandbox_image=f"{image_repository or _REGISTRY}/{PAUSE_IMAGE}", extra=extra)
        lines = [f"{name}={value}\n" for name, value in (environment or {}).items()]
        changed = self._host.write(ENVIRONMENT, "".join(lines)) or changed
        self.cri.configure()
        names = " ".join(self.units)
        order = f"[Unit]\nAfter={names}\nWants={names}\n"
        systemctl.install(
            self._host,
            {unit: unit_files.read(unit) for unit in self.units}
            | {f"{user}.d/10-runtime.conf": order for user in needed_by},
        )
        systemctl.enable(self._host, *self.units)
        for unit in self.units:
            # The image's own may run already, with another configuration.
            (systemctl.restart if changed else systemctl.start)(self._host, unit)
        self.cri.wait_until_up(unit=self.units[-1])
