"""What can be done with instances, and in which state."""

from emulator.api.ec2 import block_devices, instance_records, store
from emulator.api.ec2.launch import LaunchRequest
from emulator.api.ec2.transitions import USER_SHUTDOWN, Transitions
from emulator.api.ec2.volumes import Volumes
from emulator.api.wire import ApiError
from emulator.interfaces.machines import Machines

StateChange = tuple[str, str]
"""Names of the previous and the current state."""


class Instances:
    """Launches, stops and ends instances. Methods may be called from any thread and return at once."""

    def __init__(self, *, machines: Machines, volumes: Volumes, transitions: Transitions) -> None:
        self._machines = machines
        self._volumes = volumes
        self.transitions = transitions

    def launch(self, request: LaunchRequest) -> store.Record:
        """Launch one instance; it is `pending` until its machine is started.

        Raises:
            ApiError: EC2 refuses the request.
        """
        with store.LOCK:
            record = instance_records.create(request)
            try:
                block_devices.create(self._volumes, record, request)
            except ApiError:
                instance_records.discard(record)
                raise
            self.transitions.launch(record)
            return record

    def terminate(self, instance_id: str, *, protected: bool = True) -> StateChange:
        """End an instance for good; its protection is respected only on request (groups do not).

        Raises:
            ApiError: it does not exist, or is protected.
        """
        with store.LOCK:
            record = store.instance(instance_id)
            before = _state(record)
            if protected and record["_TerminationProtection"]:
                raise ApiError(
                    "OperationNotPermitted",
                    f"The instance '{instance_id}' may not be terminated. "
                    "Modify its 'disableApiTermination' instance attribute and try again.",
                )
            self.transitions.end(record, USER_SHUTDOWN)
            return before, _state(record)

    def stop(self, instance_id: str) -> StateChange:
        """Shut an instance down gracefully.

        Raises:
            ApiError: it does not exist, or its state does not allow it.
        """
        with store.LOCK:
            record = store.instance(instance_id)
            before = _state(record)
            _expect(record, ("running", "stopping", "stopped"), "stopped")
            if before == "running":
                self.transitions.stop(record, USER_SHUTDOWN)
            return before, _state(record)

    def start(self, instance_id: str) -> StateChange:
        """Start a stopped instance again.

        Raises:
            ApiError: it does not exist, or its state does not allow it.
        """
        with store.LOCK:
            record = store.instance(instance_id)
            before = _state(record)
            _expect(record, ("stopped", "pending", "running"), "started")
            if before == "stopped":
                self.transitions.start(record)
            return before, _state(record)

    def reboot(self, instance_id: str) -> None:
        """Restart gracefully; the state stays `running`.

        Raises:
            ApiError: it does not exist, or does not run.
        """
        with store.LOCK:
            record = store.instance(instance_id)
            _expect(record, ("running",), "rebooted")
            self.transitions.reboot(record)

    def powered_off(self, instance_id: str) -> None:
        """Called by a machine whose guest shut down: it stops or terminates, as its attribute says."""
        with store.LOCK:
            record = store.instances().get(instance_id)
            if record is not None:
                self.transitions.powered_off(record)

    def console_output(self, instance_id: str) -> bytes:
        """What the machine printed; may block, so it is not for the event loop.

        Raises:
            ApiError: the instance does not exist.
        """
        store.instance(instance_id)
        return self._machines.console_output(instance_id)


def _state(record: store.Record) -> str:
    return str(record["State"]["Name"])


def _expect(record: store.Record, states: tuple[str, ...], participle: str) -> None:
    if _state(record) not in states:
        raise ApiError(
            "IncorrectInstanceState",
            f"The instance '{record['InstanceId']}' is not in a state from which it can be {participle}.",
        )
