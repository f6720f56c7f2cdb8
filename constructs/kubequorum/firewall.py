"""Three or four security groups, and a table of every flow between them with its reason."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aws_cdk import Tags
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from kubequorum import tags
from kubequorum.config import Cluster
from kubequorum_node.document import API_PORT


@dataclass(frozen=True)
class Flow:
    """Who may connect to whom, on which port, and why (the reason becomes the rule's description)."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    port: ec2.Port
    reason: str


_HTTPS_PORT = 443
_WEB_PORTS = {"http": 80, "https": _HTTPS_PORT}
_NODES = ("masters", "workers")
_SSH = Flow(("ssh",), _NODES, ec2.Port.tcp(22), "SSH through the EC2 Instance Connect Endpoint")

FLOWS = (
    # https://kubernetes.io/docs/reference/networking/ports-and-protocols/
    Flow(("loadbalancer",), ("masters",), ec2.Port.tcp(API_PORT), "API and its health checks"),
    Flow(_NODES, ("loadbalancer",), ec2.Port.tcp(API_PORT), "API through the load balancer"),
    Flow(_NODES, ("masters",), ec2.Port.tcp(API_PORT), "API through the kubernetes Service"),
    Flow(("masters",), ("masters",), ec2.Port.tcp_range(2379, 2380), "etcd clients and peers"),
    # A metrics server on workers would need them as sources, too.
    Flow(("masters",), _NODES, ec2.Port.tcp(10250), "kubelet: logs, exec, health"),
    # https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements#network-requirements
    Flow(_NODES, _NODES, ec2.Port.udp(4789), "pod network: VXLAN between nodes"),
)


def download_ports(cluster: Cluster) -> dict[int, str]:
    """Ports outside the VPC that masters connect to, each with the reason."""
    ports = {_HTTPS_PORT: "AWS APIs, artifacts and images"}
    if cluster.network.https_proxy is not None:
        # The check of the cluster file requires a port.
        ports.setdefault(urlsplit(cluster.network.https_proxy).port or _HTTPS_PORT, "network.https_proxy")
    mirror = urlsplit(cluster.artifacts.mirror or "")
    if mirror.scheme in _WEB_PORTS:
        ports.setdefault(mirror.port or _WEB_PORTS[mirror.scheme], "artifacts.mirror")
    repository = urlsplit(f"https://{cluster.kubernetes.image_repository or ''}")
    ports.setdefault(repository.port or _HTTPS_PORT, "kubernetes.image_repository")
    return ports


class Firewall(Construct):
    """The security groups of masters, workers, the API load balancer, and the endpoint for SSH.

    Args:
        cluster: the cluster file.
        vpc: the VPC in which the groups are.

    """

    def __init__(self, scope: Construct, construct_id: str, *, cluster: Cluster, vpc: ec2.IVpc) -> None:
        super().__init__(scope, construct_id)
        self.masters = self._group("Masters", vpc, f"Masters of {cluster.name}")
        self.workers = self._group("Workers", vpc, f"Workers of {cluster.name}", outbound=True)
        self.load_balancer = self._group("LoadBalancer", vpc, f"API load balancer of {cluster.name}")
        # The cloud provider adds rules for Services of type LoadBalancer to the one group with this tag.
        Tags.of(self.workers).add(tags.kubernetes_cluster(cluster.name), "owned")

        groups = {"masters": self.masters, "workers": self.workers, "loadbalancer": self.load_balancer}
        self.ssh_endpoint: ec2.SecurityGroup | None = None
        flows: tuple[Flow, ...] = FLOWS
        if cluster.access.instance_connect_endpoint:
            self.ssh_endpoint = groups["ssh"] = self._group("Ssh", vpc, f"SSH endpoint of {cluster.name}")
            flows = (*FLOWS, _SSH)
        for flow in flows:
            for source in flow.sources:
                for target in flow.targets:
                    groups[target].connections.allow_from(groups[source], flow.port, flow.reason)
        for cidr in cluster.api.allowed_cidrs:
            self.load_balancer.add_ingress_rule(
                ec2.Peer.ipv4(str(cidr)), ec2.Port.tcp(API_PORT), "API from an allowed range"
            )
        for port, reason in download_ports(cluster).items():
            self.masters.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(port), reason)

    def _group(
        self, construct_id: str, vpc: ec2.IVpc, description: str, *, outbound: bool = False
    ) -> ec2.SecurityGroup:
        """Create a group. Only workers may connect anywhere: pods call what their owners choose."""
        return ec2.SecurityGroup(
            self, construct_id, vpc=vpc, description=description, allow_all_outbound=outbound
        )
