"""Reports to group and stack, checked against botocore's models of the API."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from kubequorum_node.aws import lifecycle
from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.imds import Metadata
from tests.unit.node import examples
from tests.unit.node.fakes import FakeClock

CONFIG = examples.CONFIG
INSTANCE = "i-0123456789abcdef0"
GROUP = "ha-ControlPlane-MasterAGroup-1"


class _Metadata(Metadata):
    def __init__(self, *states: str | None) -> None:
        super().__init__("http://unused.invalid")
        self._states = list(states)

    def instance_id(self) -> str:
        return INSTANCE

    def target_lifecycle_state(self) -> str | None:
        return self._states.pop(0)


@dataclass
class _Api:
    aws: Aws
    autoscaling: Stubber
    cloudformation: Stubber

    def describes_instance(self, groups: tuple[str, ...] = (GROUP,)) -> None:
        instances = [
            {
                "InstanceId": INSTANCE,
                "AutoScalingGroupName": group,
                "AvailabilityZone": "eu-central-1a",
                "LifecycleState": "Pending:Wait",
                "HealthStatus": "HEALTHY",
                "ProtectedFromScaleIn": False,
            }
            for group in groups
        ]
        self.autoscaling.add_response(
            "describe_auto_scaling_instances",
            {"AutoScalingInstances": instances},
            {"InstanceIds": [INSTANCE]},
        )

    def completes(self, hook: str, result: str = "CONTINUE") -> None:
        self.autoscaling.add_response(
            "complete_lifecycle_action",
            {},
            {
                "AutoScalingGroupName": GROUP,
                "LifecycleHookName": hook,
                "InstanceId": INSTANCE,
                "LifecycleActionResult": result,
            },
        )

    def is_reported_unhealthy(self) -> None:
        self.autoscaling.add_response(
            "set_instance_health",
            {},
            {"InstanceId": INSTANCE, "HealthStatus": "Unhealthy", "ShouldRespectGracePeriod": False},
        )

    def shows(self, logical_id: str, status: str) -> None:
        self.cloudformation.add_response(
            "describe_stack_resource",
            {
                "StackResourceDetail": {
                    "LogicalResourceId": logical_id,
                    "ResourceType": "AWS::AutoScaling::AutoScalingGroup",
                    "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
                    "ResourceStatus": status,
                }
            },
            {"StackName": examples.DOCUMENT.stack, "LogicalResourceId": logical_id},
        )

    def is_signalled(self, logical_id: str, status: str = "SUCCESS", unique_id: str = INSTANCE) -> None:
        self.cloudformation.add_response(
            "signal_resource",
            {},
            {
                "StackName": examples.DOCUMENT.stack,
                "LogicalResourceId": logical_id,
                "UniqueId": unique_id,
                "Status": status,
            },
        )

    def done(self) -> None:
        self.autoscaling.assert_no_pending_responses()
        self.cloudformation.assert_no_pending_responses()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Api]:
    """Stubbed clients that refuse any call not announced; waiting takes no time."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    aws = Aws(examples.DOCUMENT.region)
    with Stubber(aws.autoscaling) as autoscaling, Stubber(aws.cloudformation) as cloudformation:
        yield _Api(aws, autoscaling, cloudformation)


def _lifecycle(api: _Api, *states: str | None) -> lifecycle.Lifecycle:
    return lifecycle.Lifecycle(
        CONFIG, examples.DOCUMENT, aws=api.aws, metadata=_Metadata(*states), clock=FakeClock()
    )


def test_ready_completes_the_hook_and_signals_what_waits(api: _Api) -> None:
    """At creation the group is complete already and only the WaitCondition gets a signal."""
    api.describes_instance()
    api.completes("launch")
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady")
    _lifecycle(api).report_ready()
    api.done()


def test_an_update_gets_its_signal(api: _Api) -> None:
    """During a rolling update the group waits, and the WaitCondition, complete for long, does not."""
    api.describes_instance()
    api.completes("launch")
    api.shows("MasterAGroup", "UPDATE_IN_PROGRESS")
    api.is_signalled("MasterAGroup")
    api.shows("ControlPlaneReady", "CREATE_COMPLETE")
    _lifecycle(api).report_ready()
    api.done()


def test_a_stack_that_has_not_reached_the_resource_is_waited_for(api: _Api) -> None:
    """A master may be ready before CloudFormation has begun to wait."""
    api.describes_instance()
    api.completes("launch")
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.cloudformation.add_client_error(
        "describe_stack_resource", "ValidationError", "Resource ControlPlaneReady does not exist"
    )
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady")
    _lifecycle(api).report_ready()
    api.done()


def test_a_completed_hook_is_not_an_error(api: _Api) -> None:
    """A boot that is repeated finds no open action, and goes on."""
    api.describes_instance()
    api.autoscaling.add_client_error(
        "complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found"
    )
    _lifecycle(api).complete_terminate_hook()
    api.done()


def test_a_failed_boot_signals_the_reason_and_abandons_the_launch(api: _Api) -> None:
    """The reason stands in the signal's id, as far as it goes; then the launch is abandoned."""
    reason = "bad checksum of kubelet: https://dl.k8s.io/x/kubelet has sha256 0000"
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled(
        "ControlPlaneReady", "FAILURE", f"{INSTANCE} bad checksum of kubelet: https://dl.k8s.io/x"
    )
    api.describes_instance()
    api.completes("launch", "ABANDON")
    _lifecycle(api).report_failed(reason)
    api.done()


def test_a_failed_boot_unblocks_a_creation_that_waits_for_it(api: _Api) -> None:
    """CloudFormation may wait for this instance before it reaches the resource that takes the failure."""
    failure = f"{INSTANCE} disk on fire"
    not_there = ("describe_stack_resource", "ValidationError", "Resource ControlPlaneReady does not exist")
    api.shows("MasterAGroup", "CREATE_IN_PROGRESS")
    api.cloudformation.add_client_error("signal_resource", "ValidationError", "it cannot be signaled")
    api.cloudformation.add_client_error(*not_there)
    api.shows("MasterAGroup", "CREATE_IN_PROGRESS")
    api.describes_instance()
    api.completes("launch", "CONTINUE")
    api.cloudformation.add_client_error(*not_there)
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady", "FAILURE", failure)
    api.describes_instance()
    api.autoscaling.add_client_error("complete_lifecycle_action", "ValidationError", "No active action")
    api.is_reported_unhealthy()
    _lifecycle(api).report_failed("disk on fire")
    api.done()


def test_a_failed_boot_after_a_completed_hook_is_replaced(api: _Api) -> None:
    """There is no launch left to abandon: the instance is reported as unhealthy."""
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady", "FAILURE", f"{INSTANCE} disk on fire")
    api.describes_instance()
    api.autoscaling.add_client_error("complete_lifecycle_action", "ValidationError", "No active action")
    api.is_reported_unhealthy()
    _lifecycle(api).report_failed("disk on fire")
    api.done()


def test_a_failed_signal_does_not_prevent_the_replacement(api: _Api) -> None:
    """CloudFormation cannot be reached: the launch is abandoned nevertheless."""
    for _ in CONFIG.signals:
        api.cloudformation.add_client_error("describe_stack_resource", "AccessDenied", "no", 403)
    api.describes_instance()
    api.completes("launch", "ABANDON")
    _lifecycle(api).report_failed("disk on fire")
    api.done()


def test_the_reason_in_a_signal_is_plain_and_short() -> None:
    """No line break, nothing but ASCII, and not more than the API takes."""
    made = lifecycle.failure_id(INSTANCE, "no\nquorum → wait " + "x" * 80)
    assert made.startswith(f"{INSTANCE} no quorum ? wait xxx")
    assert len(made) == 64


def test_an_instance_outside_a_group_completes_nothing(api: _Api) -> None:
    """An instance that a person launched has no hook."""
    api.describes_instance(groups=())
    _lifecycle(api).complete_terminate_hook()
    api.done()


def test_a_missing_permission_is_an_error(api: _Api) -> None:
    """AccessDenied is not mistaken for a hook that is complete."""
    api.describes_instance()
    api.autoscaling.add_client_error("complete_lifecycle_action", "AccessDenied", "not authorized", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        _lifecycle(api).complete_terminate_hook()


def test_termination_is_seen_in_the_metadata(api: _Api) -> None:
    """Any state but Terminated, and none at all, means to go on waiting."""
    _lifecycle(api, None, "InService", "Terminated").wait_for_termination()
