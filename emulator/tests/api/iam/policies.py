"""Statements of policies, what a denial looks like, and a machine to act on."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}"


def allow(action: str, resource: str | list[str] = "*", **condition: Mapping[str, Any]) -> dict[str, Any]:
    """A statement that allows an action."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def denied(action: str) -> Any:
    """Expect that an action is refused."""
    return pytest.raises(ClientError, match=f"not authorized to perform: {action}")


class Machine:
    """An instance and a volume in one zone, tagged."""

    def __init__(self, emulator: Emulator, *, slot: str, key_id: str | None = None) -> None:
        ec2 = emulator.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone=f"{REGION}a")
        tags = [{"Key": "slot", "Value": slot}]
        launched = ec2.run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="m7i.large",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet["Subnet"]["SubnetId"],
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
        self.instance_id = launched["Instances"][0]["InstanceId"]
        encryption = {"Encrypted": True, "KmsKeyId": key_id} if key_id else {}
        volume = ec2.create_volume(
            AvailabilityZone=f"{REGION}a",
            Size=1,
            VolumeType="gp3",
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
            **encryption,
        )
        self.volume_id = volume["VolumeId"]
        ec2.get_waiter("instance_running").wait(
            InstanceIds=[self.instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        ec2.get_waiter("volume_available").wait(
            VolumeIds=[self.volume_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )

    def attach(self, emulator: Emulator, session: Mapping[str, str]) -> None:
        """Attach the volume as a session."""
        emulator.client("ec2", session=session).attach_volume(
            VolumeId=self.volume_id, InstanceId=self.instance_id, Device="/dev/xvdf"
        )
