"""Instances after their launch: states, machines and volumes."""

import threading

import pytest

from emulator.api.ec2 import machine_reports, store
from emulator.api.ec2.instance_facts import Facts
from emulator.api.wire import ApiError
from emulator.faults.store import ActiveFaults
from emulator.tests.api.ec2.conftest import ZONE, Cloud
from emulator.tests.api.recording import until


def test_termination_deletes_or_frees_volumes_as_they_say(cloud: Cloud) -> None:
    """The root goes, a mapped volume that shall stay and an attached one become available."""
    mapping = {"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": "5", "DeleteOnTermination": "false"}}
    record = cloud.ec2.instances.launch(cloud.request(BlockDeviceMappings=[mapping]))
    instance_id = record["InstanceId"]
    until(lambda: cloud.state(instance_id) == "running")
    assert [(volume.device, volume.size_gib) for volume in cloud.machines.volumes] == [("/dev/xvdb", 5)]
    extra = cloud.ec2.volumes.create({"AvailabilityZone": ZONE, "Size": 1}, tags={})["VolumeId"]
    until(lambda: store.volume(extra)["State"] == "available")
    cloud.ec2.attachments.attach(extra, instance_id=instance_id, device="/dev/xvdf")
    until(lambda: cloud.volume_state(extra) == ("in-use", "attached"))
    assert cloud.ec2.instances.terminate(instance_id) == ("running", "shutting-down")
    until(lambda: cloud.state(instance_id) == "terminated")
    kept = cloud.machines.volumes[0].volume_id
    assert {name: volume["State"] for name, volume in store.volumes().items()} == {
        kept: "available",
        extra: "available",
    }
    assert ("terminate", instance_id) in cloud.machines.calls
    assert "PrivateIpAddress" not in store.instance(instance_id)
    assert cloud.ec2.instances.terminate(instance_id) == ("terminated", "terminated")


def test_a_terminated_instance_is_shown_for_an_hour(cloud: Cloud) -> None:
    """It can be described after its end, and is removed later: here the hour is three minutes long."""
    instance_id = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    cloud.ec2.instances.terminate(instance_id)
    until(lambda: cloud.state(instance_id) == "terminated")
    assert instance_id in store.instances()
    cloud.ec2.transitions._forget(instance_id)
    assert instance_id not in store.instances()


def test_stop_and_start_keep_address_and_volumes(cloud: Cloud) -> None:
    """Through stopping, stopped and pending to running; a stopped instance cannot be rebooted."""
    reported: list[str] = []
    cloud.ec2.transitions.subscribe(lambda _id, state, _reason: reported.append(state))
    record = cloud.ec2.instances.launch(cloud.request())
    instance_id, address = record["InstanceId"], record["PrivateIpAddress"]
    until(lambda: cloud.state(instance_id) == "running")
    cloud.ec2.instances.stop(instance_id)
    until(lambda: cloud.state(instance_id) == "stopped")
    with pytest.raises(ApiError, match="not in a state from which it can be rebooted"):
        cloud.ec2.instances.reboot(instance_id)
    cloud.ec2.instances.start(instance_id)
    until(lambda: cloud.state(instance_id) == "running")
    cloud.ec2.instances.reboot(instance_id)
    until(lambda: ("reboot", instance_id) in cloud.machines.calls)
    assert store.instance(instance_id)["PrivateIpAddress"] == address
    until(lambda: reported == ["pending", "running", "stopping", "stopped", "pending", "running"])


def test_a_guest_that_shuts_down_stops_or_terminates(cloud: Cloud) -> None:
    """As the instance's shutdown behaviour says, with the reason that it was the guest."""
    stays = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    goes = cloud.ec2.instances.launch(cloud.request(InstanceInitiatedShutdownBehavior="terminate"))[
        "InstanceId"
    ]
    until(lambda: cloud.state(stays) == cloud.state(goes) == "running")
    machine_reports.powered_off(stays)
    machine_reports.powered_off(goes)
    until(lambda: cloud.state(stays) == "stopped")
    until(lambda: cloud.state(goes) == "terminated")
    assert store.instance(stays)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"


@pytest.mark.parametrize(("behavior", "end"), [("stop", "stopped"), ("terminate", "terminated")])
def test_a_guest_that_is_off_before_its_launch_returns(cloud: Cloud, behavior: str, end: str) -> None:
    """It is not lost: the instance runs for a moment, and then stops or terminates."""
    reported: list[str] = []
    cloud.ec2.transitions.subscribe(lambda _instance_id, state, _reason: reported.append(state))
    gate = cloud.machines.stall["launch"] = threading.Event()
    request = cloud.request(InstanceInitiatedShutdownBehavior=behavior)
    instance_id = cloud.ec2.instances.launch(request)["InstanceId"]
    until(lambda: cloud.machines.launched)
    machine_reports.powered_off(instance_id)
    assert cloud.state(instance_id) == "pending"
    gate.set()
    until(lambda: cloud.state(instance_id) == end)
    assert store.instance(instance_id)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    until(lambda: reported[-1] == end)
    assert reported[:2] == ["pending", "running"]


def test_calls_of_one_machine_keep_their_order_and_do_not_hold_up_others(cloud: Cloud) -> None:
    """A terminate waits for the launch before it, which changes nothing any more; others launch meanwhile."""
    reported: list[tuple[str, str, str]] = []
    cloud.ec2.transitions.subscribe(lambda *change: reported.append(change))
    gate = cloud.machines.stall["launch"] = threading.Event()
    slow = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    until(lambda: cloud.machines.launched)
    cloud.machines.stall.clear()
    cloud.ec2.instances.terminate(slow)
    other = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    until(lambda: cloud.state(other) == "running")
    assert cloud.state(slow) == "shutting-down"
    assert ("terminate", slow) not in cloud.machines.calls
    gate.set()
    until(lambda: cloud.state(slow) == "terminated")
    assert cloud.machines.calls.index(("launch", slow)) < cloud.machines.calls.index(("terminate", slow))
    until(lambda: reported[-1][1] == "terminated")
    changes = [state for instance_id, state, _ in reported if instance_id == slow]
    assert changes == ["pending", "shutting-down", "terminated"]


def test_protected_instances_do_not_terminate_unless_their_group_says_so(cloud: Cloud) -> None:
    """DisableApiTermination binds TerminateInstances only."""
    instance_id = cloud.ec2.instances.launch(cloud.request(DisableApiTermination=True))["InstanceId"]
    with pytest.raises(ApiError, match="may not be terminated"):
        cloud.ec2.instances.terminate(instance_id)
    cloud.ec2.instances.terminate(instance_id, protected=False)
    until(lambda: cloud.state(instance_id) == "terminated")


def test_facts_are_found_without_a_request(cloud: Cloud) -> None:
    """A machine asks from a thread that belongs to no account; unknown instances have nothing."""
    instance_id = cloud.ec2.instances.launch(
        cloud.request(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "v"}]}])
    )["InstanceId"]
    found: list[object] = []
    facts = Facts(ActiveFaults())

    def ask() -> None:
        for name in (instance_id, "i-unknown"):
            found.extend([dict(facts.tags(name)), facts.role_name(name), facts.credentials(name)])

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [{"k": "v"}, None, None, {}, None, None]
