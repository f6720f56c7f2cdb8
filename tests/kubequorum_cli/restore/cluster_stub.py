"""A cluster's groups, instances and slot records, as a restore sees and changes them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.slot_records import SlotRecord

SINCE = datetime(2027, 1, 15, 13, tzinfo=UTC)


@dataclass
class StubCluster:
    """Stands for `Resources` and `RestoreBucket`."""

    slots: tuple[str, ...] = ("a", "b", "c")
    states: dict[str, str] = field(default_factory=dict)
    """Instance to its lifecycle state; its id begins with the slot."""
    launched: dict[str, datetime] = field(default_factory=dict)
    records: dict[str, SlotRecord] = field(default_factory=dict)
    suspended: dict[str, list[str]] = field(default_factory=dict)
    desired: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    refuse: str = ""
    """The code with which Auto Scaling refuses every request."""

    @property
    def groups(self) -> dict[str, str]:
        """Names of the groups."""
        return {slot: f"group-{slot}" for slot in self.slots}

    def add(self, instance: str, state: str = "InService", *, launched_after: float = -3600) -> None:
        """An instance, launched so many seconds after the request."""
        self.states[instance] = state
        self.launched[instance] = SINCE + timedelta(seconds=launched_after)

    def note(self, slot: str, instance: str, *, restore: int = 0, outcome: str = "ready") -> None:
        """The slot's record."""
        self.records[slot] = SlotRecord(instance=instance, restore=restore, outcome=outcome)

    def all_members(self) -> dict[str, list[dict[str, Any]]]:
        """As `Resources` has it."""
        return {
            slot: [
                {"InstanceId": id_, "LifecycleState": state}
                for id_, state in self.states.items()
                if id_.startswith(slot)
            ]
            for slot in self.slots
        }

    def instances_by_id(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        """As `Resources` has it."""
        return {id_: {"LaunchTime": self.launched[id_]} for id_ in ids}

    def group(self, slot: str) -> dict[str, Any]:
        """As Auto Scaling describes it."""
        return {
            "AutoScalingGroupName": self.groups[slot],
            "DesiredCapacity": self.desired.get(slot, 1),
            "SuspendedProcesses": [{"ProcessName": name} for name in self.suspended.get(slot, [])],
        }

    def record(self, slot: str) -> SlotRecord | None:
        """As `RestoreBucket` has it."""
        return self.records.get(slot)

    def client(self, service: str) -> "StubCluster":
        """Auto Scaling."""
        assert service == "autoscaling"
        return self

    def terminate_instance_in_auto_scaling_group(self, **request: Any) -> None:
        """Of Auto Scaling."""
        assert request["ShouldDecrementDesiredCapacity"] is False
        self._call("terminate", request["InstanceId"])

    def complete_lifecycle_action(self, **request: Any) -> None:
        """Of Auto Scaling."""
        assert (request["LifecycleHookName"], request["LifecycleActionResult"]) == ("launch", "ABANDON")
        assert request["AutoScalingGroupName"] == f"group-{request['InstanceId'][0]}"
        self._call("abandon", request["InstanceId"])

    def _call(self, what: str, instance: str) -> None:
        if self.refuse:
            raise ClientError({"Error": {"Code": self.refuse}}, what)
        self.calls.append((what, instance))
