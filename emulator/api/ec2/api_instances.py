"""EC2's API of instances."""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id

from emulator.api import sessions
from emulator.api.ec2 import filters, launch, notices, store, templates
from emulator.api.ec2.attachments import attached_to
from emulator.api.ec2.instance_records import state
from emulator.api.ec2.service import Ec2
from emulator.api.wire import ApiError, Request, Response
from emulator.faults.store import ActiveFaults

CONSOLE_LIMIT = 65_536
"""Bytes that GetConsoleOutput returns at most, the latest ones."""


HIDDEN_INSTANCE = "hidden-instance"
"""Kind of an active fault, about an instance_id (None: any): answers to instances leave it out, as stale ones
do (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html)."""


class InstancesApi:
    """Handlers by action name."""

    def __init__(self, ec2: Ec2, active_faults: ActiveFaults) -> None:
        self._instances = ec2.instances
        self._active_faults = active_faults

    def handlers(self) -> dict[str, Callable[[Request], Response]]:
        """What to put into ministack's action table."""
        return {
            "RunInstances": self.run,
            "DescribeInstances": self.describe,
            "DescribeInstanceStatus": self.describe_status,
            "TerminateInstances": lambda request: self._change(
                request, self._instances.terminate, "TerminatingInstances"
            ),
            "StopInstances": lambda request: self._change(request, self._instances.stop, "StoppingInstances"),
            "StartInstances": lambda request: self._change(
                request, self._instances.start, "StartingInstances"
            ),
            "RebootInstances": self.reboot,
            "GetConsoleOutput": self.console_output,
        }

    def run(self, request: Request) -> Response:
        """RunInstances; a launch template's data apply where the request says nothing."""
        data: dict[str, Any] = {}
        if request.get("LaunchTemplate"):
            data.update(templates.resolve(request["LaunchTemplate"]).data)
        data.update(request)
        if request["MinCount"] > request["MaxCount"]:
            raise ApiError("InvalidParameterCombination", "MinCount must not exceed MaxCount.")
        wanted = launch.from_template_data(data, subnet_id=request.get("SubnetId"))
        with store.LOCK:
            records = [self._instances.launch(wanted) for _ in range(request["MaxCount"])]
            return _reservation(records)

    def describe(self, request: Request) -> Response:
        """DescribeInstances."""
        with store.LOCK:
            wanted = request.get("InstanceIds")
            records = [self._visible(name) for name in wanted] if wanted else store.instances().values()
            chosen = filters.select(
                records,
                request.get("Filters") or [],
                id_key="InstanceId",
                known=filters.INSTANCE_FILTERS,
            )
            shown = [record for record in chosen if wanted or not self._is_hidden(record["InstanceId"])]
            return {"Reservations": [_reservation([record]) for record in shown]}

    def describe_status(self, request: Request) -> Response:
        """DescribeInstanceStatus: of running instances, unless all are requested."""
        with store.LOCK:
            wanted = request.get("InstanceIds")
            records = [store.instance(name) for name in wanted] if wanted else store.instances().values()
            return {
                "InstanceStatuses": [
                    _status(record)
                    for record in records
                    if record["State"]["Name"] == "running" or request.get("IncludeAllInstances")
                ]
            }

    def reboot(self, request: Request) -> Response:
        """RebootInstances."""
        for instance_id in request["InstanceIds"]:
            self._instances.reboot(instance_id)
        return None

    def console_output(self, request: Request) -> Response:
        """GetConsoleOutput."""
        instance_id = request["InstanceId"]
        output = self._instances.console_output(instance_id)
        # The model calls Output a string; on the wire it is base64, as bytes are rendered.
        return {
            "InstanceId": instance_id,
            "Timestamp": store.now(),
            "Output": output[-CONSOLE_LIMIT:],
        }

    def _visible(self, instance_id: str) -> store.Record:
        found = store.instance(instance_id)
        if self._is_hidden(instance_id):
            raise store.no_such_instance(instance_id)
        return found

    def _is_hidden(self, instance_id: str) -> bool:
        """Whether this answer is stale: those to the administrator never are."""
        return (
            self._active_faults.has(HIDDEN_INSTANCE)
            and sessions.calling_instance() is not None
            and self._active_faults.take(
                HIDDEN_INSTANCE, lambda entry: entry.about["instance_id"] in (None, instance_id)
            )
            is not None
        )

    def _change(self, request: Request, change: Callable[[str], tuple[str, str]], member: str) -> Response:
        with store.LOCK:
            for instance_id in request["InstanceIds"]:
                store.instance(instance_id)
            return {
                member: [_state_change(name, *change(name)) for name in request["InstanceIds"]],
            }


def _state_change(instance_id: str, before: str, after: str) -> dict[str, Any]:
    return {"InstanceId": instance_id, "PreviousState": state(before), "CurrentState": state(after)}


def _reservation(records: list[store.Record]) -> dict[str, Any]:
    return {
        "ReservationId": f"r-{records[0]['InstanceId'][2:]}",
        "OwnerId": get_account_id(),
        "Groups": [],
        "Instances": [_view(record) for record in records],
    }


def _view(record: store.Record) -> dict[str, Any]:
    return {
        **record,
        "Tags": store.tag_list(record["InstanceId"]),
        "BlockDeviceMappings": [
            {"DeviceName": attachment["Device"], "Ebs": {**attachment, "Status": attachment["State"]}}
            for attachment in attached_to(record["InstanceId"])
        ],
    }


def _status(record: store.Record) -> dict[str, Any]:
    running = record["State"]["Name"] == "running"
    if not running:
        status, detail = "not-applicable", "not-applicable"
    elif record["_StatusCheckPassed"]:
        status, detail = "ok", "passed"
    else:
        status, detail = "impaired", "failed"
    summary = {"Status": status, "Details": [{"Name": "reachability", "Status": detail}] if running else []}
    return {
        "InstanceId": record["InstanceId"],
        "AvailabilityZone": record["Placement"]["AvailabilityZone"],
        "Events": notices.scheduled_events(record),
        "InstanceState": record["State"],
        "InstanceStatus": summary,
        "SystemStatus": summary,
    }
