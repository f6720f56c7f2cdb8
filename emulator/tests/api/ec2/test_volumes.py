"""Volumes: limits, states, attaching and detaching."""

import threading
from typing import Any

import pytest

from emulator.api.ec2 import store
from emulator.api.ec2.api_volumes import VolumesApi
from emulator.api.ec2.volume_types import performance
from emulator.api.wire import ApiError
from emulator.tests.api.ec2.conftest import ZONE, Cloud
from emulator.tests.api.recording import until


def running(cloud: Cloud) -> str:
    """An instance that runs."""
    instance_id: str = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    until(lambda: cloud.state(instance_id) == "running")
    return instance_id


def available(cloud: Cloud, zone: str = ZONE) -> str:
    """A volume that is available."""
    record = cloud.ec2.volumes.create(
        {"AvailabilityZone": zone, "Size": "10", "VolumeType": "gp3"}, tags={"a": "b"}
    )
    volume_id: str = record["VolumeId"]
    assert record["State"] == "creating"
    until(lambda: store.volume(volume_id)["State"] == "available")
    return volume_id


def attached(cloud: Cloud, volume_id: str, instance_id: str) -> None:
    """Attach and wait."""
    answer = cloud.ec2.attachments.attach(volume_id, instance_id=instance_id, device="/dev/xvdf")
    assert answer["State"] == "attaching"
    until(lambda: cloud.volume_state(volume_id) == ("in-use", "attached"))


def test_a_client_token_makes_one_volume(cloud: Cloud) -> None:
    """The same request again gets the same volume; another one with the token is refused."""
    api = VolumesApi(cloud.ec2)
    asked = {"AvailabilityZone": ZONE, "Size": 10, "VolumeType": "gp3", "ClientToken": "once"}
    made = [api.create(asked), api.create(asked)]
    assert made[0] is not None
    assert made[1] is not None
    assert made[0]["VolumeId"] == made[1]["VolumeId"]
    with pytest.raises(ApiError, match="other parameters"):
        api.create({**asked, "Size": 11})
    other = api.create({**asked, "ClientToken": "twice"})
    assert other is not None
    assert other["VolumeId"] != made[0]["VolumeId"]


def test_attach_and_detach_go_through_real_states(cloud: Cloud) -> None:
    """Attaching until the machine has it, detaching until it has released it, then available again."""
    instance_id, volume_id = running(cloud), available(cloud)
    gate = cloud.machines.stall["attach_volume"] = threading.Event()
    cloud.ec2.attachments.attach(volume_id, instance_id=instance_id, device="/dev/xvdf")
    until(lambda: ("attach_volume", instance_id, volume_id) in cloud.machines.calls)
    assert cloud.volume_state(volume_id) == ("in-use", "attaching")
    gate.set()
    until(lambda: cloud.volume_state(volume_id) == ("in-use", "attached"))
    assert cloud.machines.volumes[-1].device == "/dev/xvdf"
    gate = cloud.machines.stall["detach_volume"] = threading.Event()
    cloud.ec2.attachments.detach(volume_id, instance_id=None, device=None, force=False)
    assert cloud.volume_state(volume_id) == ("in-use", "detaching")
    with pytest.raises(ApiError, match="'detaching' state"):
        cloud.ec2.attachments.detach(volume_id, instance_id=None, device=None, force=False)
    gate.set()
    until(lambda: cloud.volume_state(volume_id) == ("available", None))


def test_force_overtakes_a_detach_that_hangs(cloud: Cloud) -> None:
    """The machine hangs in the normal detach; the forced one frees the volume for another instance."""
    first, second, volume_id = running(cloud), running(cloud), available(cloud)
    attached(cloud, volume_id, first)
    gate = cloud.machines.stall["detach_volume"] = threading.Event()
    cloud.ec2.attachments.detach(volume_id, instance_id=first, device="/dev/xvdf", force=False)
    until(lambda: ("detach_volume", first, volume_id) in cloud.machines.calls)
    cloud.ec2.attachments.detach(volume_id, instance_id=first, device=None, force=True)
    until(lambda: cloud.volume_state(volume_id) == ("available", None))
    attached(cloud, volume_id, second)
    gate.set()
    until(lambda: ("attach_volume", second, volume_id) in cloud.machines.calls)
    assert cloud.volume_state(volume_id) == ("in-use", "attached")
    assert store.volume(volume_id)["Attachments"][0]["InstanceId"] == second


def test_a_machine_that_fails_to_attach_frees_the_volume(cloud: Cloud) -> None:
    """And one that fails to detach keeps it detaching, until it is forced."""
    instance_id, volume_id = running(cloud), available(cloud)
    cloud.machines.fail.add("attach_volume")
    cloud.ec2.attachments.attach(volume_id, instance_id=instance_id, device="/dev/xvdf")
    until(lambda: cloud.volume_state(volume_id) == ("available", None))
    cloud.machines.fail = {"detach_volume"}
    attached(cloud, volume_id, instance_id)
    cloud.ec2.attachments.detach(volume_id, instance_id=None, device=None, force=False)
    until(lambda: ("detach_volume", instance_id, volume_id) in cloud.machines.calls)
    assert cloud.volume_state(volume_id) == ("in-use", "detaching")
    cloud.ec2.attachments.detach(volume_id, instance_id=None, device=None, force=True)
    until(lambda: cloud.volume_state(volume_id) == ("available", None))


def test_attaching_is_refused_as_on_aws(cloud: Cloud) -> None:
    """In use, another zone, not available, instance not running, device taken, nothing there."""
    first, second, volume_id = running(cloud), running(cloud), available(cloud)
    elsewhere, fresh = available(cloud, "us-east-1c"), available(cloud)
    attached(cloud, volume_id, first)

    def refused(volume: str, instance: str, device: str = "/dev/xvdf") -> str:
        with pytest.raises(ApiError) as error:
            cloud.ec2.attachments.attach(volume, instance_id=instance, device=device)
        return error.value.code

    assert refused(volume_id, second) == "VolumeInUse"
    assert refused(elsewhere, first) == "InvalidVolume.ZoneMismatch"
    assert refused(fresh, first) == "InvalidParameterValue"
    assert refused("vol-0", first) == "InvalidVolume.NotFound"
    assert refused(fresh, "i-0") == "InvalidInstanceID.NotFound"
    creating = cloud.ec2.volumes.create({"AvailabilityZone": ZONE, "Size": 1}, tags={})["VolumeId"]
    assert refused(creating, second) == "IncorrectState"
    cloud.ec2.instances.terminate(second)
    assert refused(fresh, second) == "IncorrectState"


def test_detaching_is_refused_as_on_aws(cloud: Cloud) -> None:
    """What is not attached, not there, or the root of an instance that runs."""
    instance_id, volume_id = running(cloud), available(cloud)
    detach = cloud.ec2.attachments.detach
    with pytest.raises(ApiError, match="'available' state"):
        detach(volume_id, instance_id=None, device=None, force=True)
    attached(cloud, volume_id, instance_id)
    with pytest.raises(ApiError, match="is not attached to instance 'i-other'"):
        detach(volume_id, instance_id="i-other", device=None, force=False)
    root = next(name for name in store.volumes() if name != volume_id)
    with pytest.raises(ApiError, match="Unable to detach root volume"):
        detach(root, instance_id=None, device=None, force=False)


def test_deleting_is_refused_while_attached(cloud: Cloud) -> None:
    """A free volume goes, with its data and tags."""
    instance_id, volume_id = running(cloud), available(cloud)
    attached(cloud, volume_id, instance_id)
    with pytest.raises(ApiError) as refused:
        cloud.ec2.volumes.delete(volume_id)
    assert refused.value.code == "VolumeInUse"
    cloud.ec2.attachments.detach(volume_id, instance_id=None, device=None, force=False)
    until(lambda: cloud.volume_state(volume_id) == ("available", None))
    assert store.tags(volume_id) == {"a": "b"}
    cloud.ec2.volumes.delete(volume_id)
    assert volume_id not in store.volumes()
    assert store.tags(volume_id) == {}
    until(lambda: ("delete_volume", volume_id) in cloud.machines.calls)


def test_modifying_takes_its_time_and_never_shrinks(cloud: Cloud) -> None:
    """modifying, then completed with the new numbers; a second one has to wait."""
    volume_id = available(cloud)
    modification = cloud.ec2.volumes.modify(volume_id, {"Size": 20, "Iops": 4000})
    assert (modification["ModificationState"], modification["OriginalSize"]) == ("modifying", 10)
    with pytest.raises(ApiError) as refused:
        cloud.ec2.volumes.modify(volume_id, {"Size": 30})
    assert refused.value.code == "IncorrectModificationState"
    until(lambda: store.volume(volume_id)["_Modification"]["ModificationState"] == "completed")
    record = store.volume(volume_id)
    assert (record["Size"], record["Iops"], record["Throughput"]) == (20, 4000, 125)
    with pytest.raises(ApiError, match="cannot be smaller"):
        cloud.ec2.volumes.modify(volume_id, {"Size": 10})


def numbers(
    volume_type: str, size: int, iops: int | None = None, throughput: int | None = None
) -> dict[str, Any]:
    """Shorter to write."""
    return dict(performance(volume_type=volume_type, size_gib=size, iops=iops, throughput_mib=throughput))


def test_performance_defaults() -> None:
    """gp3 has its baseline, gp2 three IOPS a GiB."""
    assert numbers("gp3", 10) == {"Iops": 3000, "Throughput": 125}
    assert numbers("gp2", 1000) == {"Iops": 3000}
    assert numbers("gp2", 10) == {"Iops": 100}
    assert numbers("st1", 125) == {}


@pytest.mark.parametrize(
    ("volume_type", "size", "iops", "throughput", "message"),
    [
        ("gp9", 10, None, None, "Invalid value 'gp9'"),
        ("gp3", 0, None, None, "too small"),
        ("gp3", 10, 100, None, "too small"),
        ("gp3", 10, 6000, None, "ratio of 600 is too high"),
        ("gp3", 100, 3000, 1000, "Throughput .* ratio"),
        ("gp3", 100, 3000, 100, "too small"),
        ("gp2", 10, 3000, None, "iops is not supported"),
        ("io2", 10, None, None, "iops must be specified"),
        ("io2", 10, 1000, 200, "Throughput is not supported"),
        ("st1", 10, None, None, "too small"),
    ],
)
def test_impossible_numbers_are_refused(
    volume_type: str, size: int, iops: int | None, throughput: int | None, message: str
) -> None:
    """Every limit of EBS that a template could overstep."""
    with pytest.raises(ApiError, match=message):
        numbers(volume_type, size, iops, throughput)


def test_keys_and_snapshots_are_checked(cloud: Cloud) -> None:
    """A key needs encryption, a snapshot must exist, a size is needed; a key id becomes an ARN."""

    def created(**properties: object) -> store.Record:
        return cloud.ec2.volumes.create({"AvailabilityZone": ZONE, **properties}, tags={})

    assert created(Size=1, Encrypted="true", KmsKeyId="abc")["KmsKeyId"].endswith(":key/abc")
    for properties, code in (
        ({"Size": 1, "KmsKeyId": "abc"}, "InvalidParameterDependency"),
        ({"SnapshotId": "snap-0"}, "InvalidSnapshot.NotFound"),
        ({}, "MissingParameter"),
        ({"Size": 1, "AvailabilityZone": "eu-west-1a"}, "InvalidParameterValue"),
    ):
        with pytest.raises(ApiError) as refused:
            created(**properties)
        assert refused.value.code == code
