# ruff: noqa: D102, N803 - methods and arguments are named as AWS names them
"""AWS as the node program sees it: requests checked against botocore's models, answers from a small state.

Anything that a test does not expect raises; `fail` makes a call fail as AWS would.
"""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.validate import validate_parameters

from kubequorum_node.aws.clients import Aws
from kubequorum_node.clock import Clock
from tests.unit.node import examples
from tests.unit.node.fake_s3 import FakeS3, etag, failure

KEY = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"
"""What the bucket and the volumes are encrypted with."""
_SESSION = botocore.session.get_session()


class FakeAws(FakeS3, Aws):
    """Clients that record what they are asked, and a cluster's worth of state behind them."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("eu-central-1", clock=clock)
        self._time = clock
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.volume: dict[str, Any] = {
            "VolumeId": examples.CONFIG.etcd_volume_id,
            "AvailabilityZone": "eu-central-1a",
            "State": "available",
            "Attachments": [],
        }
        self.made: dict[str, str] = {}
        """Volumes that were made, by their tokens."""
        self.instances: dict[str, dict[str, Any]] = {}
        self.lifecycle: dict[str, str] = {examples.IDENTITY.instance_id: "Pending:Wait"}
        self.records: dict[str, str] = {}
        self.changes = ["PENDING", "INSYNC"]
        self.objects: dict[str, bytes] = {}
        self.parameters: dict[str, tuple[str, datetime]] = {}
        """Value of each SSM parameter, and since when it has it."""
        self.written: dict[str, datetime] = {}
        """When an object was written, if not just now."""
        self.resources: dict[str, str] = {"MasterAGroup": "CREATE_COMPLETE"}
        self.target_groups: dict[str, str] = {}
        """State of this instance in each target group."""
        self.drain: Callable[[str], None] = lambda arn: self.target_groups.__setitem__(arn, "draining")
        """What passes in a load balancer at each call about it."""
        self.signals: list[dict[str, Any]] = []
        self.completed: list[dict[str, Any]] = []
        self.unhealthy: list[dict[str, Any]] = []
        self.before: dict[str, list[Callable[[], None]]] = {}
        """What happens just before the next calls of an operation."""

    def fail(self, operation: str, code: str, message: str = "as the test wants", *, times: int = 1) -> None:
        """Let the next calls of an operation fail."""

        def refuse() -> None:
            raise failure(operation, code, message)

        self.before.setdefault(operation, []).extend([refuse] * times)

    def first(self, operation: str, action: Callable[[], None]) -> None:
        """Let something happen just before the next call of an operation is answered."""
        self.before.setdefault(operation, []).append(action)

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of all calls of an operation."""
        return [parameters for name, parameters in self.requests if name == operation]

    def _client(self, service: str) -> Any:
        return _Client(self, service)

    def describe_volumes(self, *, VolumeIds: list[str]) -> dict[str, Any]:
        if VolumeIds != [self.volume["VolumeId"]]:
            raise failure("describe_volumes", "InvalidVolume.NotFound", f"no {VolumeIds[0]}")
        return {"Volumes": [self.volume]}

    def attach_volume(self, *, InstanceId: str, Device: str, **_: Any) -> dict[str, Any]:
        self.volume["State"] = "in-use"
        self.volume["Attachments"] = [{"InstanceId": InstanceId, "State": "attaching", "Device": Device}]
        return {}

    def detach_volume(self, **_: Any) -> dict[str, Any]:
        self.volume["State"] = "available"
        self.volume["Attachments"] = []
        return {}

    def describe_instances(
        self, *, InstanceIds: list[str] | None = None, Filters: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        if InstanceIds is None:
            assert Filters is not None
            wanted = Filters[0]["Values"]
            return {"Reservations": [{"Instances": [i for k, i in self.instances.items() if k in wanted]}]}
        if InstanceIds[0] not in self.instances:
            raise failure("describe_instances", "InvalidInstanceID.NotFound", "no such instance")
        return {"Reservations": [{"Instances": [self.instances[InstanceIds[0]]]}]}

    def describe_auto_scaling_instances(self, *, InstanceIds: list[str]) -> dict[str, Any]:
        state = self.lifecycle.get(InstanceIds[0])
        found = [{"AutoScalingGroupName": "ha-MasterAGroup-1", "LifecycleState": state}] if state else []
        return {"AutoScalingInstances": found}

    def describe_auto_scaling_groups(self, **_: Any) -> dict[str, Any]:
        members = [{"InstanceId": name, "LifecycleState": state} for name, state in self.lifecycle.items()]
        return {"AutoScalingGroups": [{"TargetGroupARNs": list(self.target_groups), "Instances": members}]}

    def deregister_targets(self, *, TargetGroupArn: str, **_: Any) -> dict[str, Any]:
        self.drain(TargetGroupArn)
        return {}

    def describe_target_health(self, *, TargetGroupArn: str, **_: Any) -> dict[str, Any]:
        state = self.target_groups[TargetGroupArn]
        self.drain(TargetGroupArn)
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}}]}

    def complete_lifecycle_action(self, **parameters: Any) -> dict[str, Any]:
        action = (parameters["InstanceId"], parameters["LifecycleHookName"])
        if action in {(done["InstanceId"], done["LifecycleHookName"]) for done in self.completed}:
            raise failure("complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found")
        self.completed.append(parameters)
        if parameters["InstanceId"] in self.lifecycle:
            after = {"launch": "InService", "terminate": "Terminating:Proceed"}
            self.lifecycle[parameters["InstanceId"]] = after[parameters["LifecycleHookName"]]
        return {}

    def set_instance_health(self, **parameters: Any) -> dict[str, Any]:
        self.unhealthy.append(parameters)
        return {}

    def create_volume(self, *, ClientToken: str, AvailabilityZone: str, **_: Any) -> dict[str, Any]:
        volume_id = self.made.setdefault(ClientToken, f"vol-0ff{len(self.made):014x}")
        self.volume = {
            "VolumeId": volume_id,
            "AvailabilityZone": AvailabilityZone,
            "State": "available",
            "Attachments": [],
        }
        return self.volume

    def change_resource_record_sets(self, *, ChangeBatch: dict[str, Any], **_: Any) -> dict[str, Any]:
        for change in ChangeBatch["Changes"]:
            record = change["ResourceRecordSet"]
            self.records[record["Name"]] = record["ResourceRecords"][0]["Value"]
        return {"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING"}}

    def get_change(self, **_: Any) -> dict[str, Any]:
        status = self.changes.pop(0) if len(self.changes) > 1 else self.changes[0]
        return {"ChangeInfo": {"Id": "/change/C1", "Status": status}}

    def list_resource_record_sets(self, **_: Any) -> dict[str, Any]:
        return {"ResourceRecordSets": [{"Name": name, "Type": "A"} for name in sorted(self.records)]}

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
        if Key not in self.objects:
            raise failure("get_object", "NoSuchKey", "The specified key does not exist.", status=404)
        body = self.objects[Key]
        return {"Body": io.BytesIO(body), "ETag": etag(body), "SSEKMSKeyId": KEY}

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        if Name not in self.parameters:
            raise failure("get_parameter", "ParameterNotFound", "")
        value, written = self.parameters[Name]
        return {"Parameter": {"Value": value, "LastModifiedDate": written}}

    def describe_stack_resource(self, *, LogicalResourceId: str, **_: Any) -> dict[str, Any]:
        if LogicalResourceId not in self.resources:
            raise failure("describe_stack_resource", "ValidationError", "no such resource")
        return {"StackResourceDetail": {"ResourceStatus": self.resources[LogicalResourceId]}}

    def put_metric_data(self, **_: Any) -> dict[str, Any]:
        return {}

    def signal_resource(self, **parameters: Any) -> dict[str, Any]:
        self.signals.append(parameters)
        return {}


class _Client:
    """One service: checks a request, records it, and hands it on."""

    def __init__(self, aws: FakeAws, service: str) -> None:
        self._aws = aws
        self._service = service
        self._model = _SESSION.get_service_model(service)
        self._names = {xform_name(name): name for name in self._model.operation_names}

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation == "download_file":
            return self._aws.download_file
        name = self._names[operation]

        def call(**parameters: Any) -> Any:
            shape = self._model.operation_model(name).input_shape
            assert shape is not None
            validate_parameters(parameters, shape)
            self._aws.requests.append((operation, parameters))
            self._aws.calls.append(f"{self._service}:{name}")
            if waiting := self._aws.before.get(operation):
                waiting.pop(0)()
            return getattr(self._aws, operation)(**parameters)

        return call
