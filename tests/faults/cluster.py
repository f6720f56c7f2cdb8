"""A real cluster that is about to be broken: its masters by slot, and what to ask them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.faults import FaultClient, UnknownTargetError
from lab.workload import Targets, discover
from tests.deploy.deployment import Deployment

NAME = "local"
SLOTS = ("a", "b", "c")
DATA = "/var/lib/etcd"
"""Where the slot's volume is mounted on a master."""
_DEVICE = "/dev/xvdf"
"""What masters ask for when they attach it."""
_PKI = "/etc/kubernetes/pki/etcd"
_ADMIN = "/etc/kubernetes/admin.conf"


class AskError(AssertionError):
    """A command on a machine failed."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A deployed cluster on real machines."""

    deployment: Deployment
    faults: FaultClient
    folder: Path
    """For credentials and histories."""
    _groups: dict[str, str] = field(default_factory=dict)
    """Slot to the name of its group, which stays: every look costs the machines some of their time."""

    @classmethod
    def of(cls, deployment: Deployment, folder: Path) -> "Cluster":
        """What a deployment made."""
        faults = FaultClient(deployment.cdk.settings.machines_state)
        return cls(deployment=deployment, faults=faults, folder=folder)

    # AWS ----------------------------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS, as its administrator."""
        return self.deployment.client(service)

    def group_name(self, slot: str) -> str:
        """The slot's Auto Scaling group."""
        if not self._groups:
            outputs = self.deployment.outputs("ControlPlane")
            self._groups.update({known: outputs[f"Master{known.upper()}GroupName"] for known in SLOTS})
        return self._groups[slot]

    def members_of_group(self, slot: str) -> list[dict[str, Any]]:
        """The instances in the slot's group, as Auto Scaling describes them."""
        return self._members(self.group_name(slot))[self.group_name(slot)]

    def members_of_groups(self) -> dict[str, list[dict[str, Any]]]:
        """Slot to the instances in its group, asked for in one call."""
        names = {slot: self.group_name(slot) for slot in SLOTS}
        found = self._members(*names.values())
        return {slot: found[name] for slot, name in names.items()}

    def _members(self, *groups: str) -> dict[str, list[dict[str, Any]]]:
        answer = self.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=list(groups))
        return {
            group["AutoScalingGroupName"]: [dict(instance) for instance in group["Instances"]]
            for group in answer["AutoScalingGroups"]
        }

    def master(self, slot: str) -> str:
        """The id of the slot's instance: of the one that is in service, if there are several."""
        return _best(slot, self.members_of_group(slot))

    def masters(self) -> dict[str, str]:
        """Slot to the id of its instance."""
        return {slot: _best(slot, members) for slot, members in self.members_of_groups().items()}

    def volume(self, slot: str) -> str:
        """The id of the volume that the slot's master has: another one than the stack's if that was lost."""
        attached = {"Name": "attachment.instance-id", "Values": [self.master(slot)]}
        volumes = self.client("ec2").describe_volumes(Filters=[attached])["Volumes"]
        (found,) = {a["VolumeId"] for v in volumes for a in v["Attachments"] if a["Device"] == _DEVICE}
        return str(found)

    def zone(self, slot: str) -> str:
        """The slot's zone."""
        return str(self.deployment.group(slot)["AvailabilityZones"][0])

    def console(self, instance_id: str) -> str:
        """What an instance has printed, also one that has ended."""
        answer = self.client("ec2").get_console_output(InstanceId=instance_id, Latest=True)
        return str(answer.get("Output", ""))

    # Machines -----------------------------------------------------------------------------------------------

    def sh(self, instance_id: str, script: str, *, seconds: float = 60) -> str:
        """What a shell script prints on a machine; AskError if it fails or the machine is not there."""
        try:
            done = self.faults.run(instance_id, ["sh", "-ec", script], timeout_seconds=seconds)
        except (UnknownTargetError, TimeoutError) as error:
            raise AskError(f"{instance_id}: {error}") from error
        if done.status != 0:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise AskError(f"{instance_id}: `{script}` ended with status {done.status}: {said[-600:]}")
        return done.stdout.decode()

    def etcdctl(self, arguments: str, *, slot: str | None = None) -> str:
        """Run etcdctl on a master, by default on the first one where it works."""
        command = (
            f"etcdctl --endpoints=https://127.0.0.1:2379 --cacert={_PKI}/ca.crt"
            f" --cert={_PKI}/healthcheck-client.crt --key={_PKI}/healthcheck-client.key {arguments}"
        )
        return self._on_some_master(command, slot)

    def kubectl(self, arguments: str) -> str:
        """Run kubectl on the first master where it works."""
        return self._on_some_master(f"kubectl --kubeconfig={_ADMIN} --request-timeout=5s {arguments}", None)

    def leader(self) -> str:
        """The slot of etcd's leader."""
        (status,) = json.loads(self.etcdctl("endpoint status -w json"))
        leader = status["Status"]["leader"]
        for slot, member in self.etcd_members().items():
            if member["ID"] == leader:
                return slot
        raise AskError(f"no member is the leader: {status}")

    def follower(self) -> str:
        """The first slot that has not the leader."""
        leader = self.leader()
        return next(slot for slot in SLOTS if slot != leader)

    def etcd_members(self) -> dict[str, dict[str, Any]]:
        """Slot to member, as a quorum knows it."""
        members = json.loads(self.etcdctl("member list -w json"))["members"]
        return {str(member["peerURLs"][0]).partition("etcd-")[2][0]: member for member in members}

    def targets(self) -> Targets:
        """What clients write to."""
        return discover(
            cluster=NAME,
            slots=SLOTS,
            client=self.client,
            read_on_master=lambda path: self._on_some_master(f"cat {path}", None).encode(),
            machines_state=self.deployment.cdk.settings.machines_state,
            folder=self.folder / "credentials",
        )

    def _on_some_master(self, command: str, slot: str | None) -> str:
        failures = []
        for candidate in SLOTS if slot is None else (slot,):
            try:
                return self.sh(self.master(candidate), command)
            except (AskError, LookupError) as error:
                failures.append(str(error))
        raise AskError(" / ".join(failures))


def _best(slot: str, members: list[dict[str, Any]]) -> str:
    """The instance that is in service; if none is, any."""
    if not members:
        raise LookupError(f"slot {slot} has no instance")
    return str(min(members, key=lambda member: member["LifecycleState"] != "InService")["InstanceId"])
