"""Changes of an instance's state, and the work of its machine in between."""

import logging
from collections.abc import Callable

from emulator.api.ec2 import instance_records, store
from emulator.api.ec2.attachments import Attachments, attached_to, machine_volume_of
from emulator.api.lanes import Lanes
from emulator.api.worker import Worker
from emulator.interfaces.machines import Machines

log = logging.getLogger(__name__)

TERMINATED_VISIBLE_SECONDS = 3600
"""AWS shows a terminated instance for about an hour."""

Reason = tuple[str, str]
"""Code and message of a StateReason."""
USER_SHUTDOWN: Reason = ("Client.UserInitiatedShutdown", "User initiated shutdown")
GUEST_SHUTDOWN: Reason = ("Client.InstanceInitiatedShutdown", "Instance initiated shutdown")

Listener = Callable[[str, str, str], None]
"""Called with instance id, state and reason, one call after another, without the lock."""

_GONE_WITH_TERMINATION = ("PrivateIpAddress", "PublicIpAddress", "SubnetId", "VpcId")


class Transitions:
    """Moves instances from state to state. Methods need the lock, and return at once."""

    def __init__(self, *, machines: Machines, lanes: Lanes, worker: Worker, attachments: Attachments) -> None:
        self._machines = machines
        self._lanes = lanes
        self._worker = worker
        self._attachments = attachments
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Subscribe to every change of state."""
        self._listeners.append(listener)

    def launch(self, record: store.Record) -> None:
        """A new instance: `pending`, then `running`; if its machine fails, `terminated`."""
        self._move(record, "pending")
        self._lanes.submit(record["InstanceId"], self._launch, record)

    def start(self, record: store.Record) -> None:
        """A stopped instance: `pending`, then `running`."""
        self._move(record, "pending")
        self._lanes.submit(record["InstanceId"], self._start, record)

    def stop(self, record: store.Record, reason: Reason) -> None:
        """`stopping`, then `stopped`."""
        self._move(record, "stopping", reason)
        self._lanes.submit(record["InstanceId"], self._stop, record)

    def end(self, record: store.Record, reason: Reason) -> None:
        """`shutting-down`, then `terminated`, unless it is there already."""
        if record["State"]["Name"] not in ("shutting-down", "terminated"):
            self._move(record, "shutting-down", reason)
            self._lanes.submit(record["InstanceId"], self._end, record)

    def powered_off(self, record: store.Record) -> None:
        """A guest that shut itself down: its instance stops or terminates, as its attribute says."""
        name = record["State"]["Name"]
        if name == "pending":
            # Faster than the call that starts the machine: takes effect when the instance is `running`.
            record["_PoweredOff"] = True
        elif name == "running" and record["_ShutdownBehavior"] == "terminate":
            self.end(record, GUEST_SHUTDOWN)
        elif name == "running":
            self.stop(record, GUEST_SHUTDOWN)

    def reboot(self, record: store.Record) -> None:
        """The state does not change."""
        self._lanes.submit(record["InstanceId"], self._machines.reboot, record["InstanceId"])

    def _launch(self, record: store.Record) -> None:
        instance_id = record["InstanceId"]
        with store.LOCK:
            if record["State"]["Name"] != "pending":
                return
            machine = instance_records.machine_of(record)
            extra = [
                machine_volume_of(store.volume(attachment["VolumeId"]), attachment["Device"])
                for attachment in attached_to(instance_id)
                if attachment["Device"] != record["RootDeviceName"]
            ]
        try:
            self._machines.launch(machine)
            for volume in extra:
                self._machines.attach_volume(instance_id, volume)
        except Exception as error:
            log.exception("%s could not be launched", instance_id)
            with store.LOCK:
                self.end(record, ("Server.InternalError", f"{error}"))
            return
        self._arrive(record, "pending", "running")

    def _start(self, record: store.Record) -> None:
        try:
            self._machines.start(record["InstanceId"])
        except Exception as error:
            log.exception("%s could not be started", record["InstanceId"])
            with store.LOCK:
                self._move(record, "stopped", ("Server.InternalError", f"{error}"))
            return
        self._arrive(record, "pending", "running")

    def _stop(self, record: store.Record) -> None:
        try:
            self._machines.stop(record["InstanceId"])
        except Exception:
            # A guest that does not shut down is switched off in the end, so the state is true either way.
            log.exception("%s could not be stopped gracefully", record["InstanceId"])
        self._arrive(record, "stopping", "stopped")

    def _end(self, record: store.Record) -> None:
        instance_id = record["InstanceId"]
        try:
            self._machines.terminate(instance_id)
        except Exception:
            log.exception("the machine of %s could not be removed", instance_id)
        with store.LOCK:
            self._attachments.release(instance_id)
            for interface in record["NetworkInterfaces"]:
                store.interfaces().pop(interface["NetworkInterfaceId"], None)
            for name in _GONE_WITH_TERMINATION:
                record.pop(name, None)
            record.update(PrivateDnsName="", PublicDnsName="", NetworkInterfaces=[], SecurityGroups=[])
            self._arrive(record, "shutting-down", "terminated")
        self._worker.later(TERMINATED_VISIBLE_SECONDS, self._forget, instance_id)

    def _forget(self, instance_id: str) -> None:
        with store.LOCK:
            store.instances().pop(instance_id, None)
            store.set_tags(instance_id, {})

    def _arrive(self, record: store.Record, expected: str, name: str) -> None:
        """Finish a change, unless the instance was meanwhile put into another state."""
        with store.LOCK:
            if record["State"]["Name"] == expected:
                self._move(record, name)
            if name == "running" and record.pop("_PoweredOff", False):
                self.powered_off(record)

    def _move(self, record: store.Record, name: str, reason: Reason | None = None) -> None:
        record["State"] = instance_records.state(name)
        if name in ("pending", "running"):
            record.pop("StateReason", None)
            record["StateTransitionReason"] = ""
        elif reason is not None:
            code, message = reason
            record["StateReason"] = {"Code": code, "Message": f"{code}: {message}"}
            record["StateTransitionReason"] = f"{message} ({store.now():%Y-%m-%d %H:%M:%S} GMT)"
        why = (record.get("StateReason") or {}).get("Message", "")
        log.info("%s is %s%s", record["InstanceId"], name, f" ({why})" if why else "")
        for listener in self._listeners:
            self._lanes.submit("instance state changes", listener, record["InstanceId"], name, why)
