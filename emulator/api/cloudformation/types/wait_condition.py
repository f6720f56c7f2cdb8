"""Wait conditions with a CreationPolicy, which have no handle."""

import math

from emulator.api.cloudformation import operation, policies
from emulator.api.cloudformation.registry import (
    Properties,
    Provisioned,
    Resource,
    ResourceType,
    provisioner,
)
from emulator.api.cloudformation.signals import Signals

_WITH_HANDLE = provisioner("_cfn_wait_condition_create", "logical_id", "props", "stack_name")


class WaitCondition(ResourceType):
    """AWS::CloudFormation::WaitCondition. The form with a handle stays ministack's."""

    name = "AWS::CloudFormation::WaitCondition"

    def __init__(self, *, signals: Signals, time_scale: float) -> None:
        self._signals = signals
        self._time_scale = time_scale

    def create(self, resource: Resource) -> Provisioned:
        """Wait for the signals.

        Raises:
            RuntimeError: too many of them were FAILURE.
            TimeoutError: too few came in time.
        """
        current = operation.running(resource.stack_name)
        policy = policies.creation_policy(current.definition(resource.logical_id))
        if policy is None:
            physical_id, attributes = _WITH_HANDLE.get()(
                resource.logical_id, resource.properties, resource.stack_name
            )
            return Provisioned(physical_id, attributes)
        timeout = policy.timeout_seconds * self._time_scale
        with self._signals.open(
            current, resource.logical_id, event_status="CREATE_IN_PROGRESS", keep=True
        ) as inbox:
            received = inbox.collect(policy.count, timeout=timeout)
        needed = math.ceil(policy.count * policy.min_successful_percent / 100)
        for signal in received:
            if signal.status == "FAILURE":
                raise RuntimeError(f"Received FAILURE signal with UniqueId {signal.unique_id}")
        if len(received) < needed:
            raise TimeoutError(
                f"Failed to receive {needed - len(received)} resource signal(s) within the specified duration"
            )
        name = resource.generated_name(max_length=128)
        return Provisioned(name, {"Data": "{}", "Id": name})

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Refuse, as CloudFormation does: a wait condition waits once."""
        del physical_id, resource, old
        raise ValueError("Update to resource type AWS::CloudFormation::WaitCondition is not supported.")

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Nothing is left of it."""
