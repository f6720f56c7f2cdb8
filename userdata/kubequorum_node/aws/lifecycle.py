"""This instance in its Auto Scaling group and its stack: ready, failed and terminated, each reported once."""

from collections.abc import Callable
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.aws.clients import Aws, error_message
from kubequorum_node.aws.hooks import Hooks, is_validation_error
from kubequorum_node.aws.imds import Metadata
from kubequorum_node.aws.signals import StackSignals, Status, signal_id
from kubequorum_node.clock import Clock, NotYetError, WaitError
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK, NodeConfig
from kubequorum_node.document import ClusterDocument
from kubequorum_node.log import error, info, timed, warning

_POLL_SECONDS = 2.0
_LONGEST_POLL_SECONDS = 10.0
_SIGNAL_WAIT_SECONDS = 600.0
"""How long a stack may take from creating the group to waiting for its signals: the groups of the other
masters may have to be created in between. A launch whose time is over waits no longer."""


class Lifecycle:
    """Reports this instance's state to its group and its stack."""

    def __init__(
        self,
        config: NodeConfig,
        document: ClusterDocument,
        *,
        aws: Aws,
        metadata: Metadata,
        clock: Clock,
        power_off: Callable[[], None],
    ) -> None:
        self._power_off = power_off
        self._config = config
        self._clock = clock
        self._stack = document.stack
        self._signals = StackSignals(aws, document.stack)
        self._aws = aws
        self._metadata = metadata
        self._hooks = Hooks(aws=aws, metadata=metadata, clock=clock)
        self._completed: set[str] = set()

    def report_started(self) -> None:
        """Complete the launch hook early if the creation of the group waits for this instance.

        Only the signal proves its health then. etcd needs two masters, so none may delay the creation of the
        others. See docs/decisions/masters-created-together.md.
        """
        if self._status_if_there(self._config.signals[0]) != "CREATE_IN_PROGRESS":
            info("no stack creation waits for this instance: the launch hook waits for its proof")
            return
        with timed("complete the launch hook: the creation of the stack continues"):
            self._complete(LAUNCH_HOOK, "CONTINUE")

    def enter_service(self) -> None:
        """Complete the launch hook: this instance serves."""
        if LAUNCH_HOOK not in self._completed:
            with timed("complete the launch hook"):
                self._complete(LAUNCH_HOOK, "CONTINUE")

    def report_ready(self) -> None:
        """Complete the launch hook, then signal the resources of the stack that wait for it."""
        self.enter_service()
        for logical_id in self._config.signals:
            self._signal_when_awaited(logical_id, "SUCCESS", self._metadata.instance_id())

    def update_waits(self) -> bool:
        """Whether an update of the stack waits for this instance's signal, which it does at its group."""
        return self._status_if_there(self._config.signals[0]) == "UPDATE_IN_PROGRESS"

    def creation_waits(self) -> bool:
        """Whether the creation of the stack waits for it: the last resource is not complete, or not begun."""
        return self._status_if_there(self._config.signals[-1]) in ("", "CREATE_IN_PROGRESS")

    def report_failed(self, reason: str) -> None:
        """Signal the reason to a stack that waits, then abandon the launch: the group replaces the instance.

        A signal has no field for a reason, only an id, which the stack's event shows and which is limited in
        length alone. So the id holds the reason, after the instance's id, as far as it fits.

        Raises:
            ClientError: the launch hook could not be completed.

        """
        unique_id = failure_id(self._metadata.instance_id(), reason)
        for logical_id in self._config.signals:
            try:
                self._signal_failure(logical_id, unique_id)
            except (ClientError, BotoCoreError) as failure:
                # A signal that fails must not keep the group from replacing the instance.
                error(f"could not signal {logical_id}: {failure}")
        with timed("abandon the launch"):
            if not self._complete(LAUNCH_HOOK, "ABANDON"):
                # The hook was completed early.
                self._leave_group()

    def groups(self) -> list[str]:
        """Names of the groups that this instance is in: one, or none."""
        return self._hooks.group_names()

    def extend_terminate_hook(self) -> None:
        """Restart the time-out of the terminate hook: the termination takes longer."""
        self._hooks.extend(TERMINATE_HOOK)

    def complete_terminate_hook(self) -> None:
        """Complete the terminate hook: nothing on this instance is needed any more."""
        with timed("complete the terminate hook"):
            self._complete(TERMINATE_HOOK, "CONTINUE")

    def await_service(self, *, is_master: bool) -> None:
        """Check that the group recorded the completion of the launch hook; if not, complete it again.

        A master also completes the terminate hooks of its terminated predecessors.
        """
        self._hooks.retry_completion(
            LAUNCH_HOOK, self._hooks.complete_for_terminated_peers if is_master else None
        )

    def await_termination(self) -> None:
        """Check that the group recorded the completion of the terminate hook; if not, complete it again."""
        self._hooks.retry_completion(TERMINATE_HOOK)

    def _complete(self, hook: str, result: Literal["CONTINUE", "ABANDON"]) -> bool:
        was_open = self._hooks.complete(hook, result)
        self._completed.add(hook)
        return was_open

    def _signal_failure(self, logical_id: str, unique_id: str) -> None:
        with timed(f"signal {logical_id}: FAILURE"):
            if self._signals.send(logical_id, "FAILURE", unique_id) != "not yet":
                return
        own_group = self._config.signals[0]
        if logical_id == own_group:
            return
        # The creation has not reached the resource that waits for the masters, and may never reach it: it may
        # be waiting for this very instance to be in service.
        if self._signals.status(own_group) == "CREATE_IN_PROGRESS":
            with timed("complete the launch hook, so that the stack continues and receives the failure"):
                self._complete(LAUNCH_HOOK, "CONTINUE")
        self._signal_when_awaited(logical_id, "FAILURE", unique_id)

    def _leave_group(self) -> None:
        """Let the group replace this instance, whatever state it is in.

        A worker may not report health: AWS would let it report that of every other worker of its group. It
        powers off; an instance that does not run is unhealthy for its group, too
        (https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-checks-overview.html).
        """
        if self._config.slot is None:
            error(f"{self._metadata.instance_id()} powers off: its group replaces it")
            self._power_off()
        else:
            self._report_unhealthy()

    def _report_unhealthy(self) -> None:
        instance_id = self._metadata.instance_id()
        try:
            self._aws.call(
                lambda: self._aws.autoscaling.set_instance_health(
                    InstanceId=instance_id, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
                )
            )
        except ClientError as failure:
            if not is_validation_error(failure):
                raise
            error(f"{instance_id} is in no Auto Scaling group to replace it: {error_message(failure)}")
        else:
            info(f"reported {instance_id} unhealthy: its group replaces it")

    def _signal_when_awaited(self, logical_id: str, status: Status, unique_id: str) -> None:
        def attempt() -> None:
            if self._signals.send(logical_id, status, unique_id) == "not yet":
                raise NotYetError(f"{self._stack} has not reached it")

        with timed(f"signal {logical_id}" + (": FAILURE" if status == "FAILURE" else "")):
            try:
                self._clock.poll(
                    f"{logical_id} to wait for a signal",
                    attempt,
                    seconds=_SIGNAL_WAIT_SECONDS,
                    pause=_POLL_SECONDS,
                    longest_pause=_LONGEST_POLL_SECONDS,
                )
            except WaitError as error:
                warning(f"nothing waited for the signal: {error}")

    def _status_if_there(self, logical_id: str) -> str:
        """Status of a resource of the stack; empty if the stack has none of this name (yet)."""
        try:
            return self._signals.status(logical_id)
        except ClientError as error:
            if not is_validation_error(error):
                raise
            return ""


def failure_id(instance_id: str, reason: str) -> str:
    """The id of a FAILURE signal: the instance, and as much of the reason as fits."""
    return signal_id(f"{instance_id} {reason}")
