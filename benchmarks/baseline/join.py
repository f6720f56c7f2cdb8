"""How stock kubeadm replaces a master: a new machine joins by `kubeadm join --control-plane`.

The dead member is removed first, because etcd should not have four members of which one is dead. The new
machine's member is new, too: it copies its data from the others, over the network, and is promoted then.
Before it joins, the machine measures how long etcd alone takes on the dead member's volume.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.baseline import etcd_alone, machine
from benchmarks.readiness import is_ready
from kubequorum_cli.errors import CommandError
from lab.cluster import Cluster, automatic_approval, wait_until

if TYPE_CHECKING:
    from emulator.machines.namespaces import SocketMaker

_SCRIPT = Path(__file__).with_name("join.sh")
_SHARED = "etc/kubernetes/pki/{ca,front-proxy-ca,etcd/ca}.{crt,key} etc/kubernetes/pki/sa.{key,pub}"
"""What all masters share, and what an administrator copies to a new one (manual certificate distribution in
https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/)."""
_OWN_FILES = "etc/kubernetes/api-server"
"""What the API servers of this cluster read besides."""
_UNIT = "stock-kubeadm-join"
_JOURNAL = f"journalctl --unit={_UNIT} --output=cat --lines=12"
_REMOVED_SECONDS = 60.0
_PREPARED_SECONDS = 120.0
_JOINED_SECONDS = 600.0
_POLL_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class StockJoin:
    """Seconds that stock kubeadm takes."""

    joined: float
    """From the start of `kubeadm join` until /readyz answers 200 and the new member has a vote."""
    etcd_alone: float
    """From the device of the old volume until an etcd on it answers, with nothing else around it."""


def measure(cluster: Cluster) -> StockJoin:
    """Replace a master with stock kubeadm.

    One master is given up, and its group launches no other: the cluster is not what was deployed.

    Raises:
        CommandError: a part of it fails; with kubeadm's output.
    """
    # Here, and not above: what they need exists on Linux only.
    from emulator.machines.namespaces import SocketMaker, path_of
    from emulator.machines.nspawn.naming import Names

    helper = cluster.leader()
    slot = next(slot for slot in cluster.slots if slot != helper)
    dead = cluster.described_master(slot)
    _give_up(cluster, slot, helper, node=dead["InstanceId"])
    volume_id = cluster.volume_of(dead["InstanceId"])
    instance_id, address = _prepare(cluster, dead["SubnetId"], dead["Placement"]["AvailabilityZone"], helper)
    token = "kubeadm token create --print-join-command --kubeconfig /etc/kubernetes/admin.conf"  # noqa: S105
    automatic_approval.switch_on(cluster, [each for each in cluster.slots if each != slot])
    command = cluster.sh(cluster.master(helper), token).strip()
    options = f"--control-plane --apiserver-advertise-address={address} --ignore-preflight-errors=all"
    alone = etcd_alone.measure(cluster, instance_id, volume_id)
    maker = SocketMaker(path_of(Names.of(cluster.machines_state).vpc(dead["VpcId"])))
    begin = time.monotonic()
    try:
        cluster.sh(instance_id, f"systemd-run --quiet --unit={_UNIT} {command} {options} --v=2")
        _wait(cluster, instance_id, address, helper, maker)
        return StockJoin(joined=time.monotonic() - begin, etcd_alone=alone)
    finally:
        maker.close()


def _give_up(cluster: Cluster, slot: str, helper: str, *, node: str) -> None:
    """Remove a master for good: without a successor, a member, a node."""
    member_id = int(cluster.etcd_members(slot=helper)[slot]["ID"])
    cluster.client("autoscaling").suspend_processes(
        AutoScalingGroupName=cluster.groups[slot],
        ScalingProcesses=["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy"],
    )
    cluster.faults.power_loss(cluster.master(slot))
    cluster.etcdctl("member", "remove", f"{member_id:x}", slot=helper)
    # kubeadm finds members by their pods.
    pod = ("--namespace=kube-system", "delete", "pod", f"etcd-{node}", "--force", "--grace-period=0")

    def look() -> str:
        try:
            cluster.kubectl(*pod, "--ignore-not-found", slot=helper)
            cluster.kubectl("delete", "node", node, "--ignore-not-found", slot=helper)
        except CommandError as error:
            # kubectl goes through the load balancer, which may not have detected yet that a master is dead.
            return str(error)
        return ""

    wait_until(look, seconds=_REMOVED_SECONDS, pause_seconds=_POLL_SECONDS)


def _prepare(cluster: Cluster, subnet_id: str, zone: str, helper: str) -> tuple[str, str]:
    """Launch a machine with everything that `kubeadm join` needs; its id and address."""
    ec2 = cluster.client("ec2")
    volume_id = ec2.create_volume(AvailabilityZone=zone, Size=machine.VOLUME_GIB)["VolumeId"]
    variables = f"DEVICE={machine.device(volume_id)}\n"
    launched = machine.launch(ec2, subnet_id, machine.user_data(_SCRIPT, variables=variables))
    instance_id = str(launched["InstanceId"])
    machine.attach(ec2, instance_id, volume_id)

    def look() -> str:
        try:
            cluster.sh(instance_id, "test -e /run/baseline-ready")
        except CommandError:
            return f"{instance_id} is not ready: {cluster.console(instance_id)[-2000:]}"
        return ""

    wait_until(look, seconds=_PREPARED_SECONDS, pause_seconds=_POLL_SECONDS)
    files = cluster.run(cluster.master(helper), f"cd / && tar -cz {_SHARED} {_OWN_FILES}")
    cluster.run(instance_id, "tar -xz --directory=/", stdin=files)
    return instance_id, str(launched["PrivateIpAddress"])


def _wait(cluster: Cluster, instance_id: str, address: str, helper: str, maker: "SocketMaker") -> None:
    def look() -> str:
        members = cluster.etcd_members(slot=helper).values()
        mine = [m for m in members if any(address in url for url in m.get("peerURLs", []))]
        if not mine or mine[0].get("isLearner", False):
            wrong = "its member has no vote"
        elif not is_ready(maker, address):
            wrong = "its API server is not ready"
        else:
            return ""
        return f"{wrong}: {cluster.sh(instance_id, _JOURNAL)}"

    wait_until(look, seconds=_JOINED_SECONDS, pause_seconds=_POLL_SECONDS)
