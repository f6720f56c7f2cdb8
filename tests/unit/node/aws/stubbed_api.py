"""Auto Scaling and CloudFormation as botocore's stubs, which refuse any call that is not announced."""

from dataclasses import dataclass

from botocore.stub import Stubber

from kubequorum_node.aws.clients import Aws
from tests.unit.node import examples

INSTANCE = "i-0123456789abcdef0"
GROUP = "ha-ControlPlane-MasterAGroup-1"


@dataclass
class StubbedApi:
    """Stubbed clients, and what they expect in this order."""

    aws: Aws
    powered_off: list[bool]
    autoscaling: Stubber
    cloudformation: Stubber

    def describes_instance(self, groups: tuple[str, ...] = (GROUP,)) -> None:
        """The instance is in these groups."""
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
        """A hook is completed."""
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
        """The instance is reported."""
        self.autoscaling.add_response(
            "set_instance_health",
            {},
            {"InstanceId": INSTANCE, "HealthStatus": "Unhealthy", "ShouldRespectGracePeriod": False},
        )

    def shows(self, logical_id: str, status: str) -> None:
        """A resource of the stack is asked for."""
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
        """A resource gets a signal."""
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
        """All that was expected has come."""
        self.autoscaling.assert_no_pending_responses()
        self.cloudformation.assert_no_pending_responses()
