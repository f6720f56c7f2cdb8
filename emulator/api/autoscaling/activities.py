"""The texts and events of scaling activities.

Wording and status codes as DescribeScalingActivities shows them:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-verify-scaling-activity.html,
events: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html.
"""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from emulator.api.autoscaling.model import Activity, Group, LifecycleAction, Member, Transition
from emulator.api.wire import timestamp

LAUNCH_ACTION = "EC2 Instance-launch Lifecycle Action"
TERMINATE_ACTION = "EC2 Instance-terminate Lifecycle Action"
LAUNCH_SUCCESSFUL = "EC2 Instance Launch Successful"
LAUNCH_UNSUCCESSFUL = "EC2 Instance Launch Unsuccessful"
TERMINATE_SUCCESSFUL = "EC2 Instance Terminate Successful"

UNSUCCESSFUL_STATUS = ("Failed", "Cancelled")

ABANDONED_BY_RESULT = "Lifecycle Action Completed with ABANDON Result"
HEARTBEAT_TIMEOUT = "Heartbeat Timeout"


def abandoned(token: str, why: str) -> str:
    """The status message of a launch that a hook's action abandoned."""
    return (
        "Instance failed to complete user's Lifecycle Action: "
        f"Lifecycle Action with token {token} was abandoned: {why}"
    )


def died_while_pending(reason: str) -> str:
    """The status message of a launch whose instance ended before it was in service."""
    return (
        "Instance became unhealthy while waiting for instance to be in InService state. "
        f"Termination Reason: {reason}"
    )


def start(group: Group, *, description: str, cause: str, now: datetime, details: dict[str, str]) -> Activity:
    """Begin an activity and record it with its group."""
    activity = Activity(
        activity_id=str(uuid4()),
        group_name=group.name,
        group_arn=group.arn,
        description=description,
        cause=cause,
        start_time=now,
        status="InProgress",
        details=details,
    )
    group.activities.appendleft(activity)
    return activity


def finish(
    activity: Activity, *, now: datetime, failure: str | None = None, status: str | None = None
) -> None:
    """End an activity, as a success unless a failure is given."""
    if failure is None:
        activity.status = status or "Successful"
    else:
        activity.status = status or "Failed"
        activity.status_message = failure
        activity.description += f".  Status Reason: {failure}"
    activity.progress = 100
    activity.end_time = now


def placement_details(subnet_id: str, availability_zone: str) -> dict[str, str]:
    """`Details` of an activity that has an instance."""
    return {"Subnet ID": subnet_id, "Availability Zone": availability_zone}


def action_event(
    group: Group, member: Member, action: LifecycleAction, *, moment: datetime
) -> tuple[str, dict[str, Any]]:
    """Detail type and detail of the event that announces a lifecycle action."""
    launching = action.hook.transition is Transition.LAUNCHING
    detail = {
        "LifecycleActionToken": action.token,
        "AutoScalingGroupName": group.name,
        "LifecycleHookName": action.hook.name,
        "EC2InstanceId": member.instance_id,
        "LifecycleTransition": action.hook.transition.value,
        "RequestTime": timestamp(moment),
        "Origin": "EC2" if launching else "AutoScalingGroup",
        "Destination": "AutoScalingGroup" if launching else "EC2",
    }
    if action.hook.notification_metadata:
        detail["NotificationMetadata"] = action.hook.notification_metadata
    return (LAUNCH_ACTION if launching else TERMINATE_ACTION), detail


def result_event(
    activity: Activity, *, instance_id: str | None, launching: bool
) -> tuple[str, dict[str, Any]]:
    """Detail type and detail of the event that reports how an activity ended."""
    if not launching:
        kind = TERMINATE_SUCCESSFUL
    elif activity.status in UNSUCCESSFUL_STATUS:
        kind = LAUNCH_UNSUCCESSFUL
    else:
        kind = LAUNCH_SUCCESSFUL
    return kind, {
        "StatusCode": activity.status,
        "StatusMessage": activity.status_message or "",
        "Description": activity.description,
        "AutoScalingGroupName": activity.group_name,
        "ActivityId": activity.activity_id,
        "RequestId": activity.activity_id,
        "Details": dict(activity.details),
        "EC2InstanceId": instance_id or "",
        "StartTime": timestamp(activity.start_time),
        "EndTime": timestamp(activity.end_time or activity.start_time),
        "Cause": activity.cause,
        "Origin": "EC2" if launching else "AutoScalingGroup",
        "Destination": "AutoScalingGroup" if launching else "EC2",
    }


def as_response(activity: Activity) -> dict[str, Any]:
    """The activity in boto3's spelling."""
    response = {
        "ActivityId": activity.activity_id,
        "AutoScalingGroupName": activity.group_name,
        "AutoScalingGroupARN": activity.group_arn,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.start_time,
        "StatusCode": activity.status,
        "Progress": activity.progress,
        "Details": json.dumps(activity.details),
    }
    if activity.end_time is not None:
        response["EndTime"] = activity.end_time
    if activity.status_message is not None:
        response["StatusMessage"] = activity.status_message
    return response
