"""The masters of a cluster that stands, by slot: where they are, what they say, and whether all is well."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.standing import Standing
from emulator.faults import FaultClient, FaultError
from kubequorum_cli.errors import CommandError
from lab.workload import Targets, discover

_GROUP_PREFIX, _GROUP_SUFFIX = "Master", "GroupName"
"""Around a slot in an output of the control plane's stack: the name of its group."""
_PKI = "/etc/kubernetes/pki/etcd"
_ADMIN = "/etc/kubernetes/admin.conf"
_WELL_SECONDS = 300.0
_POLL_SECONDS = 0.5


class Masters:
    """Masters on real machines. What fails raises CommandError."""

    def __init__(self, standing: Standing, folder: Path) -> None:
        """`folder` is for credentials and histories."""
        self.standing = standing
        self.folder = folder
        self.faults = FaultClient(standing.settings.machines_state)
        stack = f"{standing.running.name}-ControlPlane"
        (found,) = standing.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        self.groups = groups_of(found.get("Outputs", []))
        """Slot to the name of its Auto Scaling group."""

    def members(self, slot: str) -> list[dict[str, Any]]:
        """The instances in a slot's group, as Auto Scaling describes them."""
        autoscaling = self.standing.client("autoscaling")
        answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.groups[slot]])
        return [dict(member) for member in answer["AutoScalingGroups"][0]["Instances"]]

    def instance(self, slot: str) -> str:
        """The id of a slot's instance: the one in service, if there are several."""
        members = sorted(self.members(slot), key=lambda member: member["LifecycleState"] != "InService")
        if not members:
            raise CommandError(f"slot {slot} has no instance")
        return str(members[0]["InstanceId"])

    def sh(self, instance_id: str, script: str, *, stdin: bytes = b"", seconds: float = 60) -> bytes:
        """What a shell script prints on a machine."""
        try:
            done = self.faults.run(instance_id, ["bash", "-ec", script], stdin=stdin, timeout_seconds=seconds)
        except (FaultError, TimeoutError) as error:
            raise CommandError(f"nothing can be run on {instance_id}", why=str(error)) from error
        if done.status != 0:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise CommandError(
                f"`{script}` ended with status {done.status} on {instance_id}", why=said[-1000:]
            )
        return done.stdout

    def etcdctl(self, arguments: str, *, slot: str) -> str:
        """Run etcdctl on a slot's master, by default against its own member."""
        command = (
            f"etcdctl --endpoints=https://127.0.0.1:2379 --cacert={_PKI}/ca.crt"
            f" --cert={_PKI}/healthcheck-client.crt --key={_PKI}/healthcheck-client.key {arguments}"
        )
        return self.sh(self.instance(slot), command).decode()

    def kubectl(self, arguments: str, *, slot: str) -> str:
        """Run kubectl on a slot's master, through the load balancer."""
        return self.sh(self.instance(slot), f"kubectl --kubeconfig={_ADMIN} {arguments}").decode()

    def etcd_members(self, *, slot: str) -> list[dict[str, Any]]:
        """All members of etcd, as a slot's member knows them."""
        return list(json.loads(self.etcdctl("member list -w json", slot=slot))["members"])

    def leader(self) -> str:
        """The slot of etcd's leader."""
        for slot in self.groups:
            (entry,) = json.loads(self.etcdctl("endpoint status -w json", slot=slot))
            if entry["Status"]["header"]["member_id"] == entry["Status"]["leader"]:
                return slot
        raise CommandError("no member of etcd is its leader")

    def database_bytes(self) -> int:
        """How much of etcd's database is in use, on the member that has least."""
        entries = [json.loads(self.etcdctl("endpoint status -w json", slot=slot))[0] for slot in self.groups]
        return min(int(entry["Status"]["dbSizeInUse"]) for entry in entries)

    def targets(self) -> Targets:
        """What clients write to."""
        slots = tuple(self.groups)
        return discover(
            cluster=self.standing.running.name,
            slots=slots,
            client=self.standing.client,
            read_on_master=lambda path: self.sh(self.instance(slots[0]), f"cat {path}"),
            machines_state=self.standing.settings.machines_state,
            folder=self.folder / "credentials",
        )

    def wait_until_well(self) -> None:
        """Until each slot has one instance, in service, with a healthy member, and the balancer takes all."""
        wait_until(self._what_is_wrong, seconds=_WELL_SECONDS, pause=_POLL_SECONDS)

    def _what_is_wrong(self) -> str:
        for slot in self.groups:
            states = [member["LifecycleState"] for member in self.members(slot)]
            if states != ["InService"]:
                return f"the instances in slot {slot} are {', '.join(states) or 'gone'}"
        try:
            self.etcdctl("endpoint health --cluster", slot=next(iter(self.groups)))
        except CommandError as error:
            return f"etcd: {error.why}"
        balancing = self.standing.client("elbv2")
        for group in balancing.describe_target_groups()["TargetGroups"]:
            health = balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
            states = [found["TargetHealth"]["State"] for found in health["TargetHealthDescriptions"]]
            if states and states.count("healthy") < len(self.groups):
                return f"the targets of {group['TargetGroupName']} are {', '.join(states)}"
        return ""


def groups_of(outputs: list[dict[str, str]]) -> dict[str, str]:
    """Slot to the name of its group, by the outputs of the control plane's stack."""
    found = {
        output["OutputKey"].removeprefix(_GROUP_PREFIX).removesuffix(_GROUP_SUFFIX).lower(): output[
            "OutputValue"
        ]
        for output in outputs
        if output["OutputKey"].startswith(_GROUP_PREFIX) and output["OutputKey"].endswith(_GROUP_SUFFIX)
    }
    return dict(sorted(found.items()))


def wait_until(what_is_wrong: Callable[[], str], *, seconds: float, pause: float) -> None:
    """Wait until nothing is; CommandError with what was wrong last."""
    deadline = time.monotonic() + seconds
    while wrong := what_is_wrong():
        if time.monotonic() > deadline:
            raise CommandError(f"not within {seconds:.0f} s", why=wrong)
        time.sleep(pause)
