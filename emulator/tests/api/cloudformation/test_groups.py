"""Auto Scaling groups in stacks: creation, rolling updates, rollback, and deletion through the hooks."""

from typing import Any

from botocore.exceptions import ClientError

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.cloudformation.nodes import Nodes
from emulator.tests.api.emulator import Emulator, Stack, wait_until

_UPDATE = "UPDATE_IN_PROGRESS"


def _group(emulator: Emulator, stack: Stack) -> dict[str, Any]:
    name = stack.outputs["GroupName"]
    groups = emulator.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    found: dict[str, Any] = groups["AutoScalingGroups"][0]
    return found


def _succeed(number: int) -> str:
    return "SUCCESS"


def _say_nothing(number: int) -> str:
    return ""


def test_group_is_complete_once_its_instance_is_launched(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """The stack does not wait for the launch hook; both hooks are there from the start."""
    stack.create(template("group"))
    assert stack.status == "CREATE_COMPLETE", stack.events()
    group = _group(emulator, stack)
    assert [item["LifecycleState"] for item in group["Instances"]] == ["Pending:Wait"]
    hooks = emulator.client("autoscaling").describe_lifecycle_hooks(
        AutoScalingGroupName=group["AutoScalingGroupName"]
    )["LifecycleHooks"]
    assert {hook["LifecycleHookName"]: hook["DefaultResult"] for hook in hooks} == {
        "launch": "ABANDON",
        "terminate": "CONTINUE",
    }


def test_instances_carry_the_tags_of_group_and_stack(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """Propagated tags, the group's name and CloudFormation's own tags reach the instance."""
    stack.create(template("group"))
    group = _group(emulator, stack)
    instance_id = group["Instances"][0]["InstanceId"]
    reservations = emulator.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"]
    tags = {tag["Key"]: tag["Value"] for tag in reservations[0]["Instances"][0]["Tags"]}
    assert tags["slot"] == "a"
    assert tags["aws:autoscaling:groupName"] == group["AutoScalingGroupName"]
    assert tags["aws:cloudformation:stack-name"] == stack.name
    assert tags["aws:cloudformation:logical-id"] == "Group"


def test_failed_launch_fails_the_stack_with_its_reason(stack: Stack, template: Template) -> None:
    """A launch that EC2 refuses is the reason in the group's event, and the stack rolls back to nothing."""
    stack.create(template("group"), InstanceType="large")
    assert stack.status == "ROLLBACK_COMPLETE"
    failures = [reason for status, reason in stack.events("Group") if status == "CREATE_FAILED"]
    assert len(failures) == 1
    assert "Group did not stabilize" in failures[0]
    assert "'large' for InstanceType" in failures[0]


def test_a_profile_that_does_not_exist_is_refused_with_the_group(stack: Stack, template: Template) -> None:
    """Auto Scaling checks it before anything is launched."""
    profile = "arn:aws:iam::000000000000:instance-profile/no-such-profile"
    stack.create(template("group"), ProfileArn=profile)
    assert stack.status == "ROLLBACK_COMPLETE"
    (failure,) = [reason for status, reason in stack.events("Group") if status == "CREATE_FAILED"]
    assert "You must use a valid fully-formed launch template" in failure
    assert "no-such-profile" in failure


def test_rolling_update_replaces_one_by_one(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Three instances, two to stay in service, one a batch: never fewer serve, and all are replaced."""
    sizes = {"Size": "3", "MaxSize": "4", "InService": "2"}
    with Nodes(emulator, stack, logical_id="Group", decide=_succeed) as nodes:
        stack.create(template("group"), **sizes)
        wait_until(
            lambda: [i["LifecycleState"] for i in _group(emulator, stack)["Instances"]] == ["InService"] * 3,
            what="three instances in service",
        )
        before = {item["InstanceId"] for item in _group(emulator, stack)["Instances"]}
        nodes.restart_count()
        stack.update(template("group"), InstanceType="m7i.xlarge", **sizes)
        assert stack.status == "UPDATE_COMPLETE", stack.events("Group")
    group = _group(emulator, stack)
    after = {item["InstanceId"]: item["InstanceType"] for item in group["Instances"]}
    assert not before & after.keys()
    assert list(after.values()) == ["m7i.xlarge"] * 3
    assert nodes.fewest_in_service is not None
    assert nodes.fewest_in_service >= 2
    assert nodes.most_at_once <= 3
    assert {"HealthCheck", "ReplaceUnhealthy", "AZRebalance"} <= nodes.suspended
    assert not group["SuspendedProcesses"]
    assert (group["MinSize"], group["DesiredCapacity"]) == (3, 3)


def test_rolling_update_launches_first_when_all_must_serve(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """If as many must stay in service as there are, the group grows by a batch for the time of the update."""
    sizes = {"Size": "1", "MaxSize": "2", "InService": "1"}
    with Nodes(emulator, stack, logical_id="Group", decide=_succeed) as nodes:
        stack.create(template("group"), **sizes)
        wait_until(lambda: len(nodes.launched) == 1, what="the first instance")
        stack.update(template("group"), InstanceType="m7i.xlarge", **sizes)
        assert stack.status == "UPDATE_COMPLETE", stack.events("Group")
        assert nodes.most_at_once == 2
        assert len(nodes.launched) == 2
    texts = [reason for status, reason in stack.events("Group") if status == _UPDATE]
    assert any("Temporarily setting autoscaling group MinSize and DesiredCapacity to 2" in t for t in texts)
    group = _group(emulator, stack)
    assert (group["MinSize"], group["DesiredCapacity"], len(group["Instances"])) == (1, 1, 1)


def test_update_without_signals_waits_for_service(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """Without WaitOnResourceSignals the update waits until the new instance is in service."""
    with Nodes(emulator, stack, logical_id="Group", decide=_say_nothing) as nodes:
        stack.create(template("group"), Signals="false", PauseTime="PT0S")
        wait_until(lambda: len(nodes.launched) == 1, what="the first instance")
        stack.update(template("group"), Signals="false", PauseTime="PT0S", InstanceType="m7i.xlarge")
    assert stack.status == "UPDATE_COMPLETE", stack.events("Group")
    states = {i["InstanceId"]: i["LifecycleState"] for i in _group(emulator, stack)["Instances"]}
    assert states == {nodes.launched[1]: "InService"}


def test_failure_signal_rolls_back_to_the_old_template(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """The signal's sender is in the failed event, and a rolling update back leaves the old instance type."""
    with Nodes(
        emulator, stack, logical_id="Group", decide=lambda number: "FAILURE" if number == 2 else "SUCCESS"
    ) as nodes:
        stack.create(template("group"))
        wait_until(lambda: len(nodes.launched) == 1, what="the first instance")
        stack.update(template("group"), InstanceType="m7i.xlarge", SlotTag="b")
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.events("Group")
    failures = [reason for status, reason in stack.events("Group") if status == "UPDATE_FAILED"]
    assert len(failures) == 1
    assert "Unable to satisfy 100% MinSuccessfulInstancesPercent requirement" in failures[0]
    assert nodes.launched[1] in failures[0]
    group = _group(emulator, stack)
    assert [(i["InstanceId"], i["InstanceType"]) for i in group["Instances"]] == [
        (nodes.launched[2], "m7i.large")
    ]
    assert {tag["Key"]: tag["Value"] for tag in group["Tags"]}["slot"] == "a"


def test_missing_signal_rolls_back(emulator: Emulator, stack: Stack, template: Template) -> None:
    """An instance that says nothing within PauseTime counts as a failure, and the event says so."""
    with Nodes(
        emulator, stack, logical_id="Group", decide=lambda number: "" if number == 2 else "SUCCESS"
    ) as nodes:
        stack.create(template("group"), PauseTime="PT1M")
        wait_until(lambda: len(nodes.launched) == 1, what="the first instance")
        stack.update(template("group"), InstanceType="m7i.xlarge", PauseTime="PT1M")
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.events("Group")
    texts = [reason for _, reason in stack.events("Group")]
    assert any("Each resource signal timeout is counted as a FAILURE" in text for text in texts)


def test_next_update_after_a_rollback_starts_clean(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """After a rollback an unrelated change replaces no instance: none is outdated."""
    with Nodes(
        emulator, stack, logical_id="Group", decide=lambda number: "FAILURE" if number == 2 else "SUCCESS"
    ) as nodes:
        stack.create(template("group"))
        wait_until(lambda: len(nodes.launched) == 1, what="the first instance")
        stack.update(template("group"), InstanceType="m7i.xlarge")
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
        launched = len(nodes.launched)
        stack.update(template("group"), SlotTag="b")
        assert stack.status == "UPDATE_COMPLETE", stack.events("Group")
        assert len(nodes.launched) == launched


def test_unchanged_resources_have_no_events_in_an_update(stack: Stack, template: Template) -> None:
    """An update of a tag names the group, and neither the VPC nor the launch template."""
    stack.create(template("group"))
    stack.update(template("group"), SlotTag="b")
    assert stack.status == "UPDATE_COMPLETE", stack.events()
    assert any(status == "UPDATE_COMPLETE" for status, _ in stack.events("Group"))
    for unchanged in ("Vpc", "Template"):
        assert not [status for status, _ in stack.events(unchanged) if status.startswith("UPDATE")]


def test_group_is_deleted_through_its_hooks(emulator: Emulator, stack: Stack, template: Template) -> None:
    """The stack's delete waits in DELETE_IN_PROGRESS until the terminate hook of the instance is done."""
    stack.create(template("group"))
    group = _group(emulator, stack)
    autoscaling, name = emulator.client("autoscaling"), group["AutoScalingGroupName"]
    instance_id = group["Instances"][0]["InstanceId"]
    autoscaling.complete_lifecycle_action(
        AutoScalingGroupName=name,
        LifecycleHookName="launch",
        InstanceId=instance_id,
        LifecycleActionResult="CONTINUE",
    )
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=name, LifecycleHookName="terminate", HeartbeatTimeout=7200
    )
    stack.begin_delete()
    wait_until(
        lambda: [item["LifecycleState"] for item in _instances(autoscaling, name)] == ["Terminating:Wait"],
        what="the terminate hook",
    )
    assert stack.status == "DELETE_IN_PROGRESS"
    autoscaling.complete_lifecycle_action(
        AutoScalingGroupName=name,
        LifecycleHookName="terminate",
        InstanceId=instance_id,
        LifecycleActionResult="CONTINUE",
    )
    wait_until(lambda: not _instances(autoscaling, name), what="the end of the group")
    wait_until(lambda: _is_gone(stack), what="the end of the stack")


def test_in_service_must_be_below_the_maximum(emulator: Emulator, stack: Stack, template: Template) -> None:
    """A policy that can never be met fails the update and says why."""
    sizes = {"MaxSize": "1", "InService": "1"}
    with Nodes(emulator, stack, logical_id="Group", decide=_succeed):
        stack.create(template("group"), **sizes)
        stack.update(template("group"), InstanceType="m7i.xlarge", **sizes)
    failures = [reason for status, reason in stack.events("Group") if status == "UPDATE_FAILED"]
    assert "MinInstancesInService must be less than the autoscaling group's MaxSize" in failures[0]


def _instances(autoscaling: Any, name: str) -> list[dict[str, Any]]:
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return [item for group in groups for item in group["Instances"]]


def _is_gone(stack: Stack) -> bool:
    try:
        stack.describe()
    except ClientError as error:
        return "does not exist" in str(error)
    return False
