"""The stock way to replace a master: a fresh machine joins by `kubeadm join --control-plane`.

The dead member is taken out first, for etcd should not have four members of which one is dead. The
newcomer's member is new: its data come from the others, over the network, and then it gets a vote.
Before it joins, the newcomer tries how long etcd takes by itself on the dead member's volume.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.baseline import etcd_alone, machine
from benchmarks.masters import Masters, wait_until
from benchmarks.readiness import is_ready
from kubequorum_cli.errors import CommandError

if TYPE_CHECKING:
    from emulator.machines.namespaces import SocketMaker

_SCRIPT = Path(__file__).with_name("join.sh")
_SHARED = "etc/kubernetes/pki/{ca,front-proxy-ca,etcd/ca}.{crt,key} etc/kubernetes/pki/sa.{key,pub}"
"""What all masters share, and what an administrator copies to a new one (manual certificate distribution in
https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/)."""
_OWN_FILES = "etc/kubernetes/api-server"
"""What the API servers of this cluster are told to read besides."""
_DATA_DEVICE = "/dev/xvdf"
"""As the node program attaches it."""
_UNIT = "by-hand-join"
_WHY = f"journalctl --unit={_UNIT} --output=cat --lines=12"
_FORGOTTEN_SECONDS = 60.0
_PREPARED_SECONDS = 120.0
_JOINED_SECONDS = 600.0
_POLL_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """Seconds that it takes by hand."""

    joined: float
    """From the start of `kubeadm join` until /readyz says 200 and the new member has a vote."""
    etcd_alone: float
    """From the device of the old volume until an etcd on it answers, with nothing else around it."""


def measure(masters: Masters) -> ByHand:
    """Replace a master by hand.

    One master is given up for it, and its group launches no other: the cluster is not what was deployed.

    Raises:
        CommandError: something in it fails; with what kubeadm said.
    """
    # Here, and not above: what they need exists on Linux only.
    from emulator.machines.namespaces import SocketMaker, path_of
    from emulator.machines.nspawn.naming import Names

    helper = masters.leader()
    slot = next(slot for slot in masters.groups if slot != helper)
    dead = masters.standing.instances()[masters.instance(slot)]
    _give_up(masters, slot, helper, node=dead["PrivateDnsName"])
    volume_id = _data_volume(masters, dead["InstanceId"])
    instance_id, address = _prepare(masters, dead["SubnetId"], dead["Placement"]["AvailabilityZone"], helper)
    asked = "kubeadm token create --print-join-command --kubeconfig /etc/kubernetes/admin.conf"
    command = masters.sh(masters.instance(helper), asked).decode().strip()
    options = f"--control-plane --apiserver-advertise-address={address} --ignore-preflight-errors=all"
    alone = etcd_alone.measure(masters, instance_id, volume_id)
    maker = SocketMaker(path_of(Names.of(masters.standing.settings.machines_state).vpc(dead["VpcId"])))
    begin = time.monotonic()
    try:
        masters.sh(instance_id, f"systemd-run --quiet --unit={_UNIT} {command} {options} --v=2")
        _wait(masters, instance_id, address, helper, maker)
        return ByHand(joined=time.monotonic() - begin, etcd_alone=alone)
    finally:
        maker.close()


def _data_volume(masters: Masters, instance_id: str) -> str:
    """The volume with a master's etcd on it."""
    attached = {"Name": "attachment.instance-id", "Values": [instance_id]}
    volumes = masters.standing.client("ec2").describe_volumes(Filters=[attached])["Volumes"]
    (found,) = {a["VolumeId"] for v in volumes for a in v["Attachments"] if a["Device"] == _DATA_DEVICE}
    return str(found)


def _give_up(masters: Masters, slot: str, helper: str, *, node: str) -> None:
    """End a master for good: no successor, no member, no node."""
    (status,) = json.loads(masters.etcdctl("endpoint status -w json", slot=slot))
    member_id = int(status["Status"]["header"]["member_id"])
    dead = masters.instance(slot)
    masters.standing.client("autoscaling").suspend_processes(
        AutoScalingGroupName=masters.groups[slot],
        ScalingProcesses=["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy"],
    )
    masters.faults.power_loss(dead)
    masters.etcdctl(f"member remove {member_id:x}", slot=helper)
    # What kubeadm looks for members by.
    pod = f"--namespace=kube-system delete pod etcd-{node} --force --grace-period=0 --ignore-not-found"

    def look() -> str:
        try:
            masters.kubectl(pod, slot=helper)
            masters.kubectl(f"delete node {node} --ignore-not-found", slot=helper)
        except CommandError as error:
            # kubectl goes through the load balancer, which may not know yet that a master is dead.
            return str(error)
        return ""

    wait_until(look, seconds=_FORGOTTEN_SECONDS, pause=_POLL_SECONDS)


def _prepare(masters: Masters, subnet_id: str, zone: str, helper: str) -> tuple[str, str]:
    """Launch a machine with what `kubeadm join` needs on it, not yet started; its id and address."""
    ec2 = masters.standing.client("ec2")
    volume_id = ec2.create_volume(AvailabilityZone=zone, Size=machine.VOLUME_GIB)["VolumeId"]
    variables = f"DEVICE={machine.device(volume_id)}\n"
    launched = machine.launch(ec2, subnet_id, machine.user_data(_SCRIPT, variables=variables))
    instance_id = str(launched["InstanceId"])
    machine.attach(ec2, instance_id, volume_id)

    def look() -> str:
        try:
            masters.sh(instance_id, "test -e /run/by-hand-ready")
        except CommandError:
            return f"{instance_id} is not ready: {masters.standing.console(instance_id)[-2000:]}"
        return ""

    wait_until(look, seconds=_PREPARED_SECONDS, pause=_POLL_SECONDS)
    files = masters.sh(masters.instance(helper), f"cd / && tar -cz {_SHARED} {_OWN_FILES}")
    masters.sh(instance_id, "tar -xz --directory=/", stdin=files)
    return instance_id, str(launched["PrivateIpAddress"])


def _wait(masters: Masters, instance_id: str, address: str, helper: str, maker: "SocketMaker") -> None:
    def look() -> str:
        members = masters.etcd_members(slot=helper)
        mine = [m for m in members if any(address in url for url in m.get("peerURLs", []))]
        if not mine or mine[0].get("isLearner", False):
            wrong = "its member has no vote"
        elif not is_ready(maker, address):
            wrong = "its API server is not ready"
        else:
            return ""
        return wrong + masters.sh(instance_id, _WHY).decode(errors="replace")

    wait_until(look, seconds=_JOINED_SECONDS, pause=_POLL_SECONDS)
