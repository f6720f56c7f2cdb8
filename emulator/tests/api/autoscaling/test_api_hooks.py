"""Lifecycle hooks of a group through boto3: they hold, abandon and continue launches."""

from time import monotonic, sleep

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.autoscaling.site import LAUNCH, TERMINATE, Site, hook
from emulator.tests.api.emulator import TIME_SCALE
from emulator.tests.api.recording import until


def test_hooks_of_the_group_itself_hold_its_first_instance(site: Site) -> None:
    """Pending:Wait until completed, then the terminate hook; DescribeAutoScalingInstances agrees."""
    site.create(hook("up", LAUNCH, HeartbeatTimeout=7200), hook("down", TERMINATE, HeartbeatTimeout=7200))
    instance_id = site.reach("Pending:Wait")
    assert site.activities()[0]["StatusCode"] == "MidLifecycleAction"
    site.complete(instance_id, "up")
    site.reach("InService")
    activity = site.asg.terminate_instance_in_auto_scaling_group(
        InstanceId=instance_id, ShouldDecrementDesiredCapacity=False
    )["Activity"]
    assert activity["Description"] == f"Terminating EC2 instance: {instance_id}"
    [details] = site.asg.describe_auto_scaling_instances(InstanceIds=[instance_id])["AutoScalingInstances"]
    assert details["LifecycleState"] == "Terminating:Wait"
    until(lambda: "Pending:Wait" in site.states().values())
    site.complete(instance_id, "down")
    until(lambda: instance_id not in site.states())
    [gone] = site.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    assert gone["Instances"][0]["State"]["Name"] == "terminated"


def test_a_silent_instance_is_abandoned_and_its_reason_can_be_read(site: Site) -> None:
    """Nobody completes the hook: the activity is Cancelled with AWS's words."""
    site.create(hook("up", LAUNCH))
    site.reach("Pending:Wait")
    until(lambda: any(activity["StatusCode"] == "Cancelled" for activity in site.activities()))
    [failed] = [entry for entry in site.activities() if entry["StatusCode"] == "Cancelled"]
    assert failed["StatusMessage"].endswith("was abandoned: Heartbeat Timeout")
    assert failed["StatusMessage"] in failed["Description"]


def test_a_heartbeat_keeps_the_instance_waiting(site: Site) -> None:
    """Recorded repeatedly, it outlives twice the timeout; a wrong token is refused."""
    site.create(hook("up", LAUNCH, HeartbeatTimeout=120))
    instance_id = site.reach("Pending:Wait")
    beat = {"AutoScalingGroupName": site.name, "LifecycleHookName": "up"}
    end = monotonic() + 2 * 120 * TIME_SCALE
    while monotonic() < end:
        site.asg.record_lifecycle_action_heartbeat(**beat, InstanceId=instance_id)
        sleep(10 * TIME_SCALE)
        assert site.states() == {instance_id: "Pending:Wait"}
    with pytest.raises(ClientError, match="No active Lifecycle Action found with token"):
        site.asg.record_lifecycle_action_heartbeat(
            **beat, LifecycleActionToken="00000000-0000-0000-0000-000000000000"
        )
