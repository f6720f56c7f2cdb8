"""Calico's configuration for a cluster: pods' addresses, the tunnel between nodes, the CNI configuration."""

import json
from typing import Any

from kubequorum.addons.calico.names import CONFIG, GROUP, calico_object
from kubequorum.config import Cluster
from kubequorum.config.checks.addresses import node_mask_bits

CNI_KEY = "cni_network_config"
_POOL, _DEFAULT = "default-ipv4-ippool", "default"
"""Names that Calico itself would choose; it takes the felix configuration from this name alone."""
_PORT, _VNI = 4789, 4096
"""The security groups let this port through between nodes."""


def objects(cluster: Cluster) -> list[dict[str, Any]]:
    """The settings of a cluster."""
    return [
        calico_object("v1", "ConfigMap", CONFIG, data={CNI_KEY: cni_config()}),
        calico_object(f"{GROUP}/v1", "IPPool", _POOL, namespaced=False, spec=_pool(cluster)),
        calico_object(f"{GROUP}/v1", "FelixConfiguration", _DEFAULT, namespaced=False, spec=_felix()),
    ]


def cni_config() -> str:
    """The template of the CNI configuration; the installer fills in what is in underscores.

    Ports of hosts are kept by the plugin of the host's own CNI programs, with nftables, as kube-proxy does.
    """
    calico = {
        "type": "calico",
        "datastore_type": "kubernetes",
        "nodename": "__KUBERNETES_NODE_NAME__",
        # 0: what calico-node has found out, from the host's interface less what VXLAN needs.
        "mtu": 0,
        "ipam": {"type": "calico-ipam"},
        "policy": {"type": "k8s"},
        "kubernetes": {"kubeconfig": "__KUBECONFIG_FILEPATH__"},
        "log_level": "info",
        "log_file_path": "/var/log/calico/cni/cni.log",
        # In MiB.
        "log_file_max_size": 10,
        "log_file_max_count": 3,
    }
    ports = {"type": "portmap", "backend": "nftables", "snat": True, "capabilities": {"portMappings": True}}
    return json.dumps(
        {"name": "k8s-pod-network", "cniVersion": "1.0.0", "plugins": [calico, ports]}, indent=1
    )


def _pool(cluster: Cluster) -> dict[str, Any]:
    """Addresses of pods. A block of them is what one node gets, as with the built-in network.

    https://docs.tigera.io/calico/latest/reference/resources/ippool
    """
    return {
        "cidr": str(cluster.network.pod_cidr),
        "blockSize": node_mask_bits(cluster.network.pods_per_node),
        "ipipMode": "Never",
        "vxlanMode": "Always",
        # Outside the pod network, pods use their node's address: the VPC routes no other.
        "natOutgoing": True,
        "nodeSelector": "all()",
        "allowedUses": ["Workload", "Tunnel"],
    }


def _felix() -> dict[str, Any]:
    """What differs from felix's defaults, and the fields that calico-node would otherwise set itself.

    https://docs.tigera.io/calico/latest/reference/resources/felixconfig
    """
    return {
        "logSeverityScreen": "Info",
        "reportingInterval": "0s",
        "vxlanPort": _PORT,
        "vxlanVNI": _VNI,
        # Names of an EC2 instance's interface: ens5, or enX0 of older types, which the default leaves out.
        "mtuIfacePattern": "^(en|eth)[0-9A-Za-z]+$",
        # It would tell Calico's makers about the cluster.
        "usageReportingEnabled": False,
        # It needs a file system for BPF programs, and serves only policies that bypass connection tracking.
        "xdpEnabled": False,
    }
