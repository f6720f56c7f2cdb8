"""A worker in the wrong hands: the API with its kubelet's certificate, and what it is called."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from kubequorum_node.document import API_PORT
from lab.cluster import MachineError
from tests.deploy.deployment import Deployment

_KUBECTL = ("kubectl", "--kubeconfig=/etc/kubernetes/kubelet.conf", "--request-timeout=10s")
WORKERS = ("nodes", "-l", "!node-role.kubernetes.io/control-plane")
_READS = 5


@dataclass(frozen=True)
class Tried:
    """How an attempt ended."""

    succeeded: bool
    printed: str
    """Its output, or the reason of the refusal."""


@dataclass(frozen=True, kw_only=True)
class Attacker:
    """A worker of the cluster."""

    cluster: Deployment
    instance_id: str
    node_name: str
    address: str

    @classmethod
    def first_worker(cls, cluster: Deployment) -> "Attacker":
        """The first by name."""
        return workers(cluster)[0]

    def kubectl(self, *arguments: str, stdin: str = "", server: str = "") -> Tried:
        """Run kubectl on the worker as its kubelet, through the load balancer or at one API server."""
        direct = [f"--server=https://{server}:{API_PORT}"] if server else []
        command = shlex.join([*_KUBECTL, *direct, *arguments])
        try:
            printed = self.cluster.run(self.instance_id, command, stdin=stdin.encode())
        except MachineError as error:
            return Tried(False, error.why)
        return Tried(True, printed.decode(errors="replace"))

    def change_own_status(self, status: dict[str, Any], *, server: str = "") -> Tried:
        """Try to change the status of its own Node, at one API server or at any; nothing is stored."""
        for _ in range(_READS):
            tried = self._change_own_status(status, server=server)
            # A controller has changed them since the Node was read: that is not what is tried.
            if "not allowed to modify taints" not in tried.printed:
                break
        return tried

    def _change_own_status(self, status: dict[str, Any], *, server: str) -> Tried:
        found = self.kubectl("get", "node", self.node_name, "--output=json")
        if not found.succeeded:
            return found
        node = json.loads(found.printed)
        # Its kubelet writes it, too: neither may be the reason of a refusal.
        del node["metadata"]["resourceVersion"]
        node["status"].update(status)
        # kubectl's patch would read nodes/status first, which a node may only write.
        path = f"/api/v1/nodes/{self.node_name}/status?dryRun=All"
        return self.kubectl("replace", f"--raw={path}", "--filename=-", stdin=json.dumps(node), server=server)


def workers(cluster: Deployment) -> list[Attacker]:
    """All workers, in the order of their names."""
    found = []
    for node in cluster.get(*WORKERS):
        addresses = {a["type"]: a["address"] for a in node["status"]["addresses"]}
        found.append(
            Attacker(
                cluster=cluster,
                instance_id=node["spec"]["providerID"].rpartition("/")[2],
                node_name=node["metadata"]["name"],
                address=addresses["InternalIP"],
            )
        )
    return sorted(found, key=lambda worker: worker.node_name)


def masters_addresses(cluster: Deployment) -> list[str]:
    """Where each API server can be asked for itself, past the load balancer."""
    return [cluster.described_master(slot)["PrivateIpAddress"] for slot in cluster.slots]


def as_administrator(cluster: Deployment, *arguments: str, stdin: str = "") -> Tried:
    """Run kubectl on a master as administrator; a refusal is not an error."""
    try:
        return Tried(True, cluster.kubectl(*arguments, stdin=stdin))
    except MachineError as error:
        return Tried(False, error.why)
