"""containerd, which serves the CRI itself."""

from collections.abc import Sequence
from typing import ClassVar

from kubequorum_node.runtime.base import ContainerRuntime

_CONFIG = "/etc/containerd/config.toml"
DROP_INS = "/etc/containerd/conf.d"
"""An image may have drop-ins here, too. containerd reads them in the order of their names."""
_EXTRA = f"{DROP_INS}/50-cluster-file.toml"


class Containerd(ContainerRuntime):
    """containerd with runc."""

    units: ClassVar[Sequence[str]] = ("containerd.service",)
    socket: ClassVar[str] = "unix:///run/containerd/containerd.sock"
    artifacts: ClassVar[Sequence[str]] = ("containerd", "runc")

    def configure(self, *, sandbox_image: str, extra: str) -> bool:
        """Write config.toml, and the extra settings as a drop-in."""
        self._host.path(DROP_INS).mkdir(parents=True, exist_ok=True)
        changed = self._host.write(_CONFIG, config(sandbox_image))
        if extra:
            changed = self._host.write(_EXTRA, extra) or changed
        return changed


def config(sandbox_image: str) -> str:
    """Render containerd's configuration; an image may add to it in /etc/containerd/conf.d."""
    return f"""\
version = 3
imports = ["{DROP_INS}/*.toml"]

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '{sandbox_image}'

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/opt/cni/bin']
  conf_dir = '/etc/cni/net.d'

[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = 'runc'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '/usr/local/sbin/runc'
  SystemdCgroup = true
"""
