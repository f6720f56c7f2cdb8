"""What the kernel needs before pods run: modules and settings."""

import os

from kubequorum_node.host import CommandError
from kubequorum_node.log import warning
from kubequorum_node.node import Node

_MODULES = ("overlay", "br_netfilter", "vxlan", "nf_conntrack")
_SYSCTL = "/etc/sysctl.d/90-kubequorum.conf"
_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    # For a pod that calls a Service of a pod on the same node: kube-proxy's rules must see the frames.
    "net.bridge.bridge-nf-call-iptables": "1",
}
_LIMITS = {
    # A kubelet watches files of each pod, and so do many programs in pods: the kernel's defaults (128
    # instances) are for one person's desktop.
    "fs.inotify.max_user_instances": "8192",
    "fs.inotify.max_user_watches": "524288",
}
_CONNTRACK_PER_CORE = 32768
_CONNTRACK_MIN = 131072
"""What kube-proxy would set by itself."""


def prepare(node: Node) -> None:
    """Load modules, and let the host forward packets."""
    node.host.write("/etc/modules-load.d/kubequorum.conf", "".join(f"{name}\n" for name in _MODULES))
    for name in _MODULES:
        # A module that is built in or loaded needs none of this; a missing one fails the next step.
        loaded = node.host.run("modprobe", name, check=False)
        if loaded.returncode != 0:
            warning(f"modprobe {name}: {loaded.stderr.strip()}")
    node.host.write(_SYSCTL, "".join(f"{key} = {value}\n" for key, value in _SYSCTLS.items()))
    node.host.run("sysctl", "--quiet", "--load", _SYSCTL)
    conntrack = max(_CONNTRACK_MIN, _CONNTRACK_PER_CORE * (os.cpu_count() or 1))
    for key, value in {"net.netfilter.nf_conntrack_max": str(conntrack), **_LIMITS}.items():
        try:
            node.host.run("sysctl", "--quiet", "--write", f"{key}={value}")
        except CommandError as error:
            # A container may not set it, only the computer: the kernel's default has to do then.
            warning(f"{key} keeps its value: {error}")


def restore_settings(node: Node) -> list[str]:
    """Restore settings that something on this host has changed since `prepare`; returns their names.

    The kernel keeps what it was told last: a hardening job that turns forwarding off cuts off all pods.
    """
    changed = []
    for key, value in _SYSCTLS.items():
        actual = node.host.read(f"/proc/sys/{key.replace('.', '/')}")
        # There is no such setting where its module is missing, which `prepare` has reported.
        if actual is None or actual.strip() == value:
            continue
        try:
            node.host.run("sysctl", "--quiet", "--write", f"{key}={value}")
            changed.append(key)
        except CommandError as error:
            warning(f"{key} is {actual.strip()} and should be {value}: {error}")
    return changed
