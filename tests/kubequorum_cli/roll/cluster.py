"""A cluster of three masters in an emulated AWS, without machines: what a roll asks of AWS is real."""

import json
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.tests.api.emulator import REGION, Emulator, Stack, wait_until
from kubequorum_cli.errors import Obstacle
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target
from tests.kubequorum_cli.emulated import target_in

SLOTS = ("a", "b", "c")
LAUNCH = "autoscaling:EC2_INSTANCE_LAUNCHING"


def _network(cidr: str) -> dict[str, Any]:
    return {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}


def _group(cluster: str, slot: str) -> dict[str, Any]:
    tags = {"kubequorum:cluster": cluster, "kubequorum:slot": slot}
    return {
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {
            "MinSize": "1",
            "MaxSize": "1",
            "VPCZoneIdentifier": [{"Ref": "Subnet"}],
            "LaunchTemplate": {
                "LaunchTemplateId": {"Ref": "Template"},
                "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]},
            },
            "Tags": [{"Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in tags.items()],
        },
    }


def _control_plane(cluster: str) -> str:
    subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.4.1.0/24", "AvailabilityZone": f"{REGION}a"}
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m7i.large"}
    resources = {
        "Vpc": _network("10.4.0.0/16"),
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": subnet},
        "Template": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}},
        **{f"Group{slot.upper()}": _group(cluster, slot) for slot in SLOTS},
    }
    outputs = {f"Master{s.upper()}GroupName": {"Value": {"Ref": f"Group{s.upper()}"}} for s in SLOTS}
    return json.dumps({"Resources": resources, "Outputs": outputs})


@dataclass(frozen=True, kw_only=True)
class EmulatedCluster:
    """The cluster, and what a test does to it."""

    emulator: Emulator
    target: Target
    groups: dict[str, str] = field(default_factory=dict)

    @property
    def masters(self) -> dict[str, str]:
        """Slot to instance."""
        return Resources(self.target).masters()

    def hold_launches(self, slot: str) -> None:
        """Whatever the group of a slot launches from now on does not come into service."""
        self._autoscaling.put_lifecycle_hook(
            AutoScalingGroupName=self.groups[slot],
            LifecycleHookName="launch",
            LifecycleTransition=LAUNCH,
            # A day of AWS: here longer than any test.
            HeartbeatTimeout=7200,
        )

    def let_launch(self, slot: str) -> None:
        """What was held comes into service."""
        waiting = [i["InstanceId"] for i in self._members(slot) if i["LifecycleState"] == "Pending:Wait"]
        for instance in waiting:
            self._autoscaling.complete_lifecycle_action(
                AutoScalingGroupName=self.groups[slot],
                LifecycleHookName="launch",
                InstanceId=instance,
                LifecycleActionResult="CONTINUE",
            )
        self._autoscaling.delete_lifecycle_hook(
            AutoScalingGroupName=self.groups[slot], LifecycleHookName="launch"
        )
        self.wait_until_in_service()

    def lose(self, slot: str) -> None:
        """The master of a slot goes, and no successor comes."""
        old = self.masters[slot]
        self.hold_launches(slot)
        self.terminate(old)
        wait_until(lambda: self._states(slot) == ["Pending:Wait"], what=f"the loss of {slot}")

    def terminate(self, instance: str) -> None:
        """As somebody else does it."""
        self._autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance, ShouldDecrementDesiredCapacity=False
        )

    def new_template(self, slot: str) -> None:
        """The next instance of a slot is launched from another version, as after an update that failed."""
        template = self._members(slot)[0]["LaunchTemplate"]["LaunchTemplateId"]
        version = self.emulator.client("ec2").create_launch_template_version(
            LaunchTemplateId=template,
            LaunchTemplateData={"ImageId": "ami-0123456789abcdef1", "InstanceType": "m7i.large"},
        )["LaunchTemplateVersion"]["VersionNumber"]
        self._autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=self.groups[slot],
            LaunchTemplate={"LaunchTemplateId": template, "Version": str(version)},
        )

    def launches(self) -> list[str]:
        """The slots in the order in which their present masters were launched."""
        begun = {
            slot: self._autoscaling.describe_scaling_activities(AutoScalingGroupName=group)["Activities"]
            for slot, group in self.groups.items()
        }
        first = {
            slot: next(a["StartTime"] for a in found if self.masters[slot] in a["Description"])
            for slot, found in begun.items()
        }
        return sorted(first, key=lambda slot: first[slot])

    def wait_until_in_service(self) -> None:
        """All of them, one in each slot."""
        wait_until(
            lambda: all(self._states(slot) == ["InService"] for slot in SLOTS), what="masters in service"
        )

    def _states(self, slot: str) -> list[str]:
        return [member["LifecycleState"] for member in self._members(slot)]

    def _members(self, slot: str) -> list[dict[str, Any]]:
        return Resources(self.target).members(slot)

    @property
    def _autoscaling(self) -> Any:
        return self.emulator.client("autoscaling")


def make_cluster(emulator: Emulator) -> EmulatedCluster:
    """Its three stacks, and masters in service. Its target says that the machines run no Kubernetes."""
    name = f"mine-{uuid.uuid4().hex[:8]}"
    for stack in ("Network", "State"):
        Stack(emulator, f"{name}-{stack}").create(json.dumps({"Resources": {"Vpc": _network("10.5.0.0/16")}}))
    Stack(emulator, f"{name}-ControlPlane").create(_control_plane(name))
    obstacle = Obstacle(why="there are no machines", remedy="none")
    target = replace(target_in(emulator, name), no_kubernetes=obstacle)
    found = EmulatedCluster(emulator=emulator, target=target, groups=Resources(target).groups)
    found.wait_until_in_service()
    return found
