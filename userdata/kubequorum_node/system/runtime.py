"""The container runtime, and what the kernel must be told before pods run."""

import json
import os

from kubequorum_node.clock import NotYetError
from kubequorum_node.host import CommandError
from kubequorum_node.log import warning
from kubequorum_node.node import Node
from kubequorum_node.system import extra_settings, supervisor

_CONFIG = "/etc/containerd/config.toml"
_MODULES = ("overlay", "br_netfilter", "vxlan", "nf_conntrack")
_SYSCTL = "/etc/sysctl.d/90-kubequorum.conf"
_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    # For a pod that calls a Service of a pod on the same node: kube-proxy's rules must see the frames.
    "net.bridge.bridge-nf-call-iptables": "1",
}
_CONNTRACK_PER_CORE = 32768
_CONNTRACK_MIN = 131072
"""What kube-proxy would set by itself."""
_CRICTL = "/usr/local/bin/crictl"
_CRI_SECONDS = 60.0
_PAUSE = "pause:3.10.2"
_REGISTRY = "registry.k8s.io"


def start(node: Node) -> None:
    """Configure and start containerd, and put the kubelet's unit in place; nothing runs in it yet."""
    prepare_kernel(node)
    for folder in (
        extra_settings.CONTAINERD_FOLDER,
        extra_settings.KUBELET_FOLDER,
        "/etc/cni/net.d",
        "/etc/kubernetes/manifests",
    ):
        node.host.path(folder).mkdir(parents=True, exist_ok=True)
    changed = node.host.write(_CONFIG, containerd_config(node.document.image_repository))
    changed = extra_settings.install(node) or changed
    node.host.write(
        "/etc/crictl.yaml", json.dumps({"runtime-endpoint": "unix:///run/containerd/containerd.sock"})
    )
    supervisor.enable(node.host, "containerd.service")
    # One of the image may run already, with another configuration.
    node.host.run("systemctl", "restart" if changed else "start", "containerd.service")
    node.clock.poll(
        "containerd", lambda: _check_cri(node), seconds=_CRI_SECONDS, pause=0.2, longest_pause=1.0
    )


def _check_cri(node: Node) -> None:
    """Ask for what the kubelet needs: containerd may be up for systemd without it.

    Raises:
        NotYetError: with what crictl says.

    """
    try:
        node.host.run(_CRICTL, "--timeout=2s", "version", timeout=10)
    except CommandError as error:
        raise NotYetError(f"{error}; see `journalctl -u containerd`") from error


def containerd_config(image_repository: str) -> str:
    """Render containerd's configuration; an image may add to it in /etc/containerd/conf.d."""
    sandbox = f"{image_repository or _REGISTRY}/{_PAUSE}"
    return f"""\
version = 3
imports = ["{extra_settings.CONTAINERD_FOLDER}/*.toml"]

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '{sandbox}'

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


def prepare_kernel(node: Node) -> None:
    """Load modules, and let the machine forward packets."""
    node.host.write("/etc/modules-load.d/kubequorum.conf", "".join(f"{name}\n" for name in _MODULES))
    for name in _MODULES:
        # A module that is built in or loaded needs none of this; one that is missing shows in the next step.
        loaded = node.host.run("modprobe", name, check=False)
        if loaded.returncode != 0:
            warning(f"modprobe {name}: {loaded.stderr.strip()}")
    node.host.write(_SYSCTL, "".join(f"{key} = {value}\n" for key, value in _SYSCTLS.items()))
    node.host.run("sysctl", "--quiet", "--load", _SYSCTL)
    size = max(_CONNTRACK_MIN, _CONNTRACK_PER_CORE * (os.cpu_count() or 1))
    try:
        node.host.run("sysctl", "--quiet", "--write", f"net.netfilter.nf_conntrack_max={size}")
    except CommandError as error:
        # Only the first network namespace may set it: the kernel's own size has to do then.
        warning(f"the connection tracking table keeps its size: {error}")
