"""Attaching the slot's volume, which another instance may have."""

import pytest
from botocore.exceptions import ClientError

from kubequorum_node.aws.identity import WrongZoneError
from kubequorum_node.clock import WaitError
from kubequorum_node.volume import attachment, slot_volume
from kubequorum_node.volume.attachment import LostVolumeError
from kubequorum_node.volume.predecessor import COMPLETE_TERMINATE_HOOK_AFTER_SECONDS
from kubequorum_node.volume.slot_record import SlotRecord
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

OLD = "i-0aaaaaaaaaaaaaaaa"
OLD_ADDRESS = "10.20.1.4"
OLD_KUBELET = f"https://{OLD_ADDRESS}:10250/healthz"
LINK = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"


@pytest.fixture(autouse=True)
def device(node: FakeNode) -> None:
    """The kernel shows the volume at once."""
    link = node.host.path(LINK)
    link.parent.mkdir(parents=True)
    link.touch()


def _attach(node: FakeNode) -> str:
    """Attach the slot's volume; returns its device."""
    volume = slot_volume.resolve(node)
    attachment.attach(node, volume)
    return volume.device


def _held_by_predecessor(node: FakeNode, *, instance: str = "running", lifecycle: str | None) -> None:
    node.aws.volume.update(
        State="in-use", Attachments=[{"InstanceId": OLD, "State": "attached", "Device": "/dev/xvdf"}]
    )
    node.aws.instances[OLD] = {"State": {"Name": instance}, "PrivateIpAddress": OLD_ADDRESS}
    if lifecycle is not None:
        node.aws.lifecycle[OLD] = lifecycle


def test_a_free_volume_is_attached_by_its_id(node: FakeNode) -> None:
    """Two calls, and no search by tags."""
    assert _attach(node) == LINK
    assert node.aws.asked("attach_volume") == [
        {
            "VolumeId": examples.CONFIG.etcd_volume_id,
            "InstanceId": "i-0123456789abcdef0",
            "Device": "/dev/xvdf",
        }
    ]
    assert node.aws.asked("describe_volumes") == [{"VolumeIds": [examples.CONFIG.etcd_volume_id]}]


def test_a_volume_that_is_attached_already_stays_so(node: FakeNode) -> None:
    """A repeated boot attaches nothing."""
    _attach(node)
    node.aws.requests.clear()
    _attach(node)
    assert not node.aws.asked("attach_volume")


def test_a_volume_in_another_zone_is_refused_with_both_zones(node: FakeNode) -> None:
    """AWS would only say that it cannot be attached."""
    node.aws.volume["AvailabilityZone"] = "eu-central-1b"
    with pytest.raises(WrongZoneError, match=r"is in eu-central-1b, .* is in eu-central-1a"):
        _attach(node)


def test_a_volume_that_was_deleted_is_lost(node: FakeNode) -> None:
    """EC2 has said for a while that there is no such volume."""
    node.aws.fail("describe_volumes", "InvalidVolume.NotFound", times=50)
    with pytest.raises(LostVolumeError, match=r"no volume vol-0123456789abcdef0"):
        _attach(node)
    assert 20 <= node.clock.now() - 1000 < 60


def test_a_volume_that_ec2_does_not_know_yet_is_not_lost(node: FakeNode) -> None:
    """What was created a moment ago may be missing in the next answer."""
    node.aws.fail("describe_volumes", "InvalidVolume.NotFound", times=3)
    assert _attach(node) == LINK


@pytest.mark.parametrize("state", ["deleting", "deleted", "error"])
def test_states_from_which_no_volume_recovers(node: FakeNode, state: str) -> None:
    """It is lost at once, and not touched."""
    node.aws.volume["State"] = state
    with pytest.raises(LostVolumeError, match=state):
        _attach(node)
    assert not node.aws.asked("attach_volume")


def test_the_volume_that_replaces_a_lost_one_is_attached(node: FakeNode) -> None:
    """By its id in the slot's record: user-data still names the lost one."""
    record = SlotRecord(
        volume="vol-0fedcba9876543210",
        generation=2,
        instance="i-0",
        stage="member",
        replaces=examples.CONFIG.etcd_volume_id,
    )
    node.aws.objects["slots/a/record.json"] = record.to_json().encode()
    node.aws.volume["VolumeId"] = "vol-0fedcba9876543210"
    with pytest.raises(WaitError, match="vol0fedcba9876543210"):
        _attach(node)
    assert node.aws.asked("attach_volume")[0]["VolumeId"] == "vol-0fedcba9876543210"


def test_another_volume_in_user_data_overrides_an_old_replacement(node: FakeNode) -> None:
    """Somebody has deployed with another volume: the record is about the one before."""
    record = SlotRecord(
        volume="vol-0fedcba9876543210",
        generation=2,
        instance="i-0",
        stage="member",
        replaces="vol-0aaaaaaaaaaaaaaaa",
    )
    node.aws.objects["slots/a/record.json"] = record.to_json().encode()
    assert _attach(node) == LINK


def test_a_predecessor_that_terminates_gracefully_is_waited_for(node: FakeNode) -> None:
    """While it answers, nothing is done to it."""
    _held_by_predecessor(node, lifecycle="Terminating:Wait")
    node.host.statuses[OLD_KUBELET] = 401
    begin = node.clock.now()

    def detach() -> None:
        if node.clock.now() > begin + 60:
            node.aws.volume.update(State="available", Attachments=[])

    node.clock.on_sleep.append(detach)
    _attach(node)
    assert node.aws.completed == []
    assert not node.aws.asked("detach_volume")


def test_a_predecessor_that_hangs_is_finished_off(node: FakeNode) -> None:
    """Terminating and silent: its lifecycle action is completed, EC2 then detaches the volume. No force."""
    _held_by_predecessor(node, lifecycle="Terminating:Wait")
    begin = node.clock.now()

    def ec2() -> None:
        if node.aws.completed:
            node.aws.volume.update(State="available", Attachments=[])

    node.clock.on_sleep.append(ec2)
    _attach(node)
    assert node.aws.completed[0] == {
        "AutoScalingGroupName": "ha-MasterAGroup-1",
        "LifecycleHookName": "terminate",
        "InstanceId": OLD,
        "LifecycleActionResult": "CONTINUE",
    }
    assert not node.aws.asked("detach_volume")
    assert (
        COMPLETE_TERMINATE_HOOK_AFTER_SECONDS
        <= node.clock.now() - begin
        < COMPLETE_TERMINATE_HOOK_AFTER_SECONDS + 10
    )


def test_an_action_that_has_ended_meanwhile_is_not_a_failure(node: FakeNode) -> None:
    """The hook has just timed out by itself."""
    _held_by_predecessor(node, lifecycle="Terminating:Wait")
    node.aws.fail("complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found")
    node.aws.first(
        "complete_lifecycle_action", lambda: node.aws.volume.update(State="available", Attachments=[])
    )
    _attach(node)


def test_a_volume_stuck_on_a_terminated_instance_is_detached_by_force(node: FakeNode) -> None:
    """As a last resort, with nobody left who could write."""
    _held_by_predecessor(node, instance="terminated", lifecycle=None)
    begin = node.clock.now()
    _attach(node)
    (detached,) = node.aws.asked("detach_volume")
    assert detached["Force"] is True
    assert node.clock.now() - begin >= 180


def test_an_instance_that_answers_keeps_the_volume(node: FakeNode) -> None:
    """It is in service: the newcomer gives up before its hook times out, and names it."""
    _held_by_predecessor(node, lifecycle="InService")
    node.host.statuses[OLD_KUBELET] = 200
    with pytest.raises(WaitError, match=rf"{OLD} \(running, InService, answering\)"):
        _attach(node)
    assert not node.aws.asked("detach_volume")
    assert node.aws.completed == []
    assert node.clock.now() - 1000 < 900


def test_a_race_with_a_change_of_state_is_retried(node: FakeNode) -> None:
    """AttachVolume may race with the end of a detachment."""
    node.aws.fail("attach_volume", "IncorrectState", "not 'available'", times=2)
    _attach(node)
    assert len(node.aws.asked("attach_volume")) == 3


def test_a_missing_permission_is_a_failure_at_once(node: FakeNode) -> None:
    """It is not retried."""
    node.aws.fail("attach_volume", "UnauthorizedOperation")
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        _attach(node)


def test_a_device_that_never_appears_is_named(node: FakeNode) -> None:
    """The path says which volume was looked for, and why it may be missing."""
    node.host.path(LINK).unlink()
    with pytest.raises(WaitError, match=rf"{LINK} is not there.*Nitro"):
        _attach(node)
