"""Three security groups, and a table of every flow between them with the reason it exists."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aws_cdk import Tags
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from kubequorum import tags
from kubequorum.config import Cluster

API_PORT = 6443


@dataclass(frozen=True)
class Flow:
    """Who may open connections to whom, where, and why (the reason becomes the rule's description)."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    port: ec2.Port
    reason: str


_NODES = ("masters", "workers")

FLOWS = (
    # https://kubernetes.io/docs/reference/networking/ports-and-protocols/
    Flow(("loadbalancer",), ("masters",), ec2.Port.tcp(API_PORT), "API and its health checks"),
    Flow(_NODES, ("loadbalancer",), ec2.Port.tcp(API_PORT), "API by its name"),
    Flow(_NODES, ("masters",), ec2.Port.tcp(API_PORT), "API by the kubernetes Service"),
    Flow(("masters",), ("masters",), ec2.Port.tcp_range(2379, 2380), "etcd clients and peers"),
    Flow(_NODES, _NODES, ec2.Port.tcp(10250), "kubelet: logs, exec, metrics"),
    # https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements#network-requirements
    Flow(_NODES, _NODES, ec2.Port.udp(4789), "pod network: VXLAN between nodes"),
    Flow(_NODES, _NODES, ec2.Port.tcp(5473), "Calico Typha"),
)


def _mirror_port(mirror: str | None) -> int | None:
    """Port of a mirror on the web."""
    parts = urlsplit(mirror or "")
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


class Firewall(Construct):
    """The security groups of masters, workers and the API load balancer."""

    def __init__(self, scope: Construct, construct_id: str, *, cluster: Cluster, vpc: ec2.IVpc) -> None:
        super().__init__(scope, construct_id)
        self.masters = self._group("Masters", vpc, f"Masters of {cluster.name}")
        self.workers = self._group("Workers", vpc, f"Workers of {cluster.name}", outbound=True)
        self.load_balancer = self._group("LoadBalancer", vpc, f"API load balancer of {cluster.name}")
        # The cloud provider puts rules for Services of type LoadBalancer into the one group with this tag.
        Tags.of(self.workers).add(tags.kubernetes_cluster(cluster.name), "owned")

        groups = {"masters": self.masters, "workers": self.workers, "loadbalancer": self.load_balancer}
        for flow in FLOWS:
            for source in flow.sources:
                for target in flow.targets:
                    groups[target].connections.allow_from(groups[source], flow.port, flow.reason)
        for cidr in cluster.api.allowed_cidrs:
            self.load_balancer.add_ingress_rule(
                ec2.Peer.ipv4(str(cidr)), ec2.Port.tcp(API_PORT), "API from an allowed range"
            )
        self.masters.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS APIs, artifacts and images")
        mirror_port = _mirror_port(cluster.artifacts.mirror)
        if mirror_port is not None and mirror_port != 443:
            self.masters.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(mirror_port), "artifacts.mirror")

    def _group(
        self, construct_id: str, vpc: ec2.IVpc, description: str, *, outbound: bool = False
    ) -> ec2.SecurityGroup:
        """Make a group. Only workers may connect anywhere: whom pods call is their owners' business."""
        return ec2.SecurityGroup(
            self, construct_id, vpc=vpc, description=description, allow_all_outbound=outbound
        )
