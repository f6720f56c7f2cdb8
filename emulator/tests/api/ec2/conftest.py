"""EC2 in this process, over machines that record what they are called with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from ministack.core.responses import request_scope

from emulator.api.context import Context
from emulator.api.ec2 import launch, service, store
from emulator.api.ec2.launch import LaunchRequest
from emulator.api.ec2.service import Ec2
from emulator.api.worker import Worker
from emulator.tests.api.recording import RecordingMachines

ZONE = "us-east-1b"


@dataclass
class Cloud:
    """An EC2 with one VPC and a subnet in zone b."""

    ec2: Ec2
    machines: RecordingMachines
    subnet_id: str

    def request(self, **data: Any) -> LaunchRequest:
        """A small instance in the subnet, changed as the test says."""
        small = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m7i.large"}
        return launch.from_template_data({**small, **data}, subnet_id=self.subnet_id)

    def state(self, instance_id: str) -> str:
        """The name of an instance's state."""
        return str(store.instance(instance_id)["State"]["Name"])

    def volume_state(self, volume_id: str) -> tuple[str, str | None]:
        """States of a volume and of its attachment."""
        record = store.volume(volume_id)
        attachments = record["Attachments"]
        return record["State"], attachments[0]["State"] if attachments else None


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """An EC2 of an account and region of its own."""
    machines = RecordingMachines()
    worker = Worker(time_scale=0.05)
    ec2 = service.create(Context(machines=machines, worker=worker, api_url="http://127.0.0.1:1"))
    # ministack's tables are by account, so that every test gets one of its own.
    account = str(uuid4().int)[:12]
    with request_scope(account, "us-east-1"):
        store.vpcs()["vpc-1"] = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}
        store.subnets()["subnet-1"] = {
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "CidrBlock": "10.0.1.0/28",
            "AvailabilityZone": ZONE,
        }
        store.security_groups()["sg-1"] = {"GroupId": "sg-1", "GroupName": "default", "VpcId": "vpc-1"}
        yield Cloud(ec2, machines, "subnet-1")
    worker.close()
