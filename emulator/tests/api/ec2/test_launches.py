"""Launches: machines, addresses, architectures, and requests that are refused."""

import base64
import threading

import pytest

from emulator.api.ec2 import instance_records, launch, store
from emulator.api.wire import ApiError
from emulator.tests.api.ec2.conftest import ZONE, Cloud
from emulator.tests.api.recording import until


def test_a_launch_is_pending_until_its_machine_is_started(cloud: Cloud) -> None:
    """The machine gets the decoded user data and everything else that EC2 knows."""
    gate = cloud.machines.stall["launch"] = threading.Event()
    record = cloud.ec2.instances.launch(
        cloud.request(
            UserData=base64.b64encode(b"#!/bin/sh\n").decode(),
            InstanceType="m7g.large",
            MetadataOptions={
                "HttpTokens": "required",
                "HttpPutResponseHopLimit": "2",
                "InstanceMetadataTags": "enabled",
            },
        )
    )
    instance_id = record["InstanceId"]
    until(lambda: cloud.machines.launched)
    assert cloud.state(instance_id) == "pending"
    gate.set()
    until(lambda: cloud.state(instance_id) == "running")
    machine = cloud.machines.launched[instance_id]
    assert machine.user_data == b"#!/bin/sh\n"
    assert (machine.architecture, machine.availability_zone) == ("arm64", ZONE)
    assert (machine.vpc_cidr, machine.subnet_cidr) == ("10.0.0.0/16", "10.0.1.0/28")
    assert (machine.private_ip, machine.private_dns_name) == ("10.0.1.4", "ip-10-0-1-4.ec2.internal")
    assert (machine.http_tokens_required, machine.http_put_response_hop_limit) == (True, 2)
    assert machine.shows_tags
    assert machine.security_group_ids == ("sg-1",)


def test_a_machine_that_cannot_start_ends_the_instance_with_the_reason(cloud: Cloud) -> None:
    """`terminated`, with the failure as StateReason, and its volumes are gone."""
    cloud.machines.fail.add("launch")
    reported: list[tuple[str, str, str]] = []
    cloud.ec2.transitions.subscribe(lambda *change: reported.append(change))
    instance_id = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    until(lambda: len(reported) == 3)
    assert [state for _, state, _ in reported] == ["pending", "shutting-down", "terminated"]
    assert reported[-1][2] == "Server.InternalError: no launch today"
    assert store.instance(instance_id)["StateReason"]["Code"] == "Server.InternalError"
    assert not store.volumes()


def test_addresses_are_of_the_subnet_and_not_reused_at_once(cloud: Cloud) -> None:
    """A /28 has eleven; a freed one is given again only when the others are used up, then none is left."""
    given = [cloud.ec2.instances.launch(cloud.request()) for _ in range(10)]
    assert [record["PrivateIpAddress"] for record in given] == [f"10.0.1.{n}" for n in range(4, 14)]
    first = given[0]["InstanceId"]
    cloud.ec2.instances.terminate(first)
    until(lambda: cloud.state(first) == "terminated")
    following = [cloud.ec2.instances.launch(cloud.request())["PrivateIpAddress"] for _ in range(2)]
    assert following == ["10.0.1.14", "10.0.1.4"]
    with pytest.raises(ApiError) as refused:
        cloud.ec2.instances.launch(cloud.request())
    assert refused.value.code == "InsufficientFreeAddressesInSubnet"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"ImageId": "ami-latest"}, "InvalidAMIID.Malformed"),
        ({"InstanceType": "large"}, "InvalidParameterValue"),
        ({"SecurityGroupIds": ["sg-2"]}, "InvalidGroup.NotFound"),
        ({"IamInstanceProfile": {"Name": "nobody"}}, "InvalidParameterValue"),
        ({"UserData": "not base64!"}, "InvalidUserData.Malformed"),
        ({"UserData": base64.b64encode(b"x" * 16_385).decode()}, "InvalidParameterValue"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvdb", "Ebs": {}}]}, "MissingParameter"),
    ],
)
def test_bad_launches_are_refused_without_leaving_anything(
    cloud: Cloud, data: dict[str, object], code: str
) -> None:
    """EC2's error code, and no instance, volume or interface afterwards."""
    with pytest.raises(ApiError) as refused:
        cloud.ec2.instances.launch(cloud.request(**data))
    assert refused.value.code == code
    assert not store.instances()
    assert not store.volumes()
    assert not store.interfaces()


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("m7g.large", "arm64"),
        ("c6gn.xlarge", "arm64"),
        ("t4g.small", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("a1.large", "arm64"),
        ("m7i.large", "x86_64"),
        ("g5.xlarge", "x86_64"),
        ("g4dn.xlarge", "x86_64"),
        ("c7a.large", "x86_64"),
        ("u7i-12tb.224xlarge", "x86_64"),
    ],
)
def test_the_architecture_follows_from_the_type(instance_type: str, architecture: str) -> None:
    """Graviton families have a g after their generation."""
    assert launch.architecture(instance_type) == architecture


def test_the_root_device_is_the_mapped_one() -> None:
    """An image that is not registered is unknown, so the usual names in the mappings do."""
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m7i.large"}
    mapped = launch.from_template_data(
        {**data, "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 9}}]},
        subnet_id="s",
    )
    assert instance_records.root_device(mapped) == "/dev/sda1"
    assert instance_records.root_device(launch.from_template_data(data, subnet_id="s")) == "/dev/xvda"
