"""Replaces masters one by one, each only while all gates are open; stops at the first that fails."""

import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli import validate
from kubequorum_cli.console import Progress, Stage
from kubequorum_cli.errors import CommandError, reason_of
from kubequorum_cli.resources import IN_SERVICE, Resources
from kubequorum_cli.roll import gates, text
from kubequorum_cli.roll.document import Outcome, Roll, State, Step
from kubequorum_cli.target import Target
from kubequorum_cli.validate import Snapshot
from kubequorum_cli.waiting import SETTLE_SECONDS, poll

_PAUSE_SECONDS = 5.0
"""A look is about 30 requests."""
_TRY_AGAIN = frozenset(
    {"ResourceContention", "ResourceContentionFault", "ScalingActivityInProgress", "ValidationError"}
)
"""The group is about to change, or the instance has just left it: the next look sees what it is.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html"""


class Roller:
    """Carries out a roll, which it keeps up to date."""

    def __init__(self, target: Target, roll: Roll) -> None:
        self._target = target
        self._resources = Resources(target)
        self._roll = roll
        self._seen = ""

    def run(self) -> None:
        """Replace all masters of the roll.

        Raises:
            CommandError: a gate stays closed, a successor does not come, AWS refuses, or a person has
                interrupted it; with what was done, what was not, and how to continue.
        """
        for step in self._roll.steps:
            try:
                with Progress().stage(f"slot {step.slot}: replacing {step.instance}") as stage:
                    self._replace(step, stage)
            except KeyboardInterrupt as error:
                raise self._stopped(step, Outcome.INTERRUPTED, "") from error
            except (ClientError, BotoCoreError) as error:
                raise self._stopped(step, Outcome.FAILED, f"AWS: {reason_of(error)}") from error
        self._roll.outcome = Outcome.DONE

    def _replace(self, step: Step, stage: Stage) -> None:
        stage.detail("checking the gates")
        lines = self._wait(lambda: self._begin(step), stage, SETTLE_SECONDS)
        if lines:
            raise self._stopped(step, Outcome.FAILED, *lines)
        if step.state is State.GONE:
            stage.line(f"{step.successor} has replaced it meanwhile")
            return
        began, self._seen = time.monotonic(), ""
        lines = self._wait(lambda: self._successor(step, stage), stage, step.limit_seconds)
        if lines:
            raise self._stopped(step, Outcome.FAILED, f"not within {step.limit_seconds:.0f} s:", *lines)
        step.state, step.seconds = State.REPLACED, round(time.monotonic() - began, 1)
        stage.line(f"{step.successor} has replaced it")

    def _wait(self, missing: Callable[[], list[str]], stage: Stage, seconds: float) -> list[str]:
        return poll(
            missing,
            seconds=seconds,
            pause_seconds=min(_PAUSE_SECONDS, seconds),
            show=lambda found: stage.detail("; ".join(found)),
        )

    def _begin(self, step: Step) -> list[str]:
        """Have the group terminate the master if nothing speaks against it; else what does."""
        snapshot = self._look()
        if found := self._roll.findings:
            return [gates.line(each) for each in found]
        master = snapshot.masters[step.slot].id
        if master != step.instance:
            step.state, step.successor = State.GONE, master
            return []
        # A look takes seconds, in which others may have begun: this narrows it to one request.
        states = {
            slot: [str(member["LifecycleState"]) for member in members]
            for slot, members in self._resources.all_members().items()
        }
        moving = [
            f"slot {slot}: {', '.join(found) or 'no instance'}"
            for slot, found in states.items()
            if found != [IN_SERVICE]
        ]
        return moving or self._terminate(step)

    def _terminate(self, step: Step) -> list[str]:
        # Before the request: whoever interrupts it does not know whether it was heard.
        step.state = State.REPLACING
        try:
            self._resources.client("autoscaling").terminate_instance_in_auto_scaling_group(
                InstanceId=step.instance, ShouldDecrementDesiredCapacity=False
            )
        except ClientError as error:
            step.state = State.UNTOUCHED
            if error.response["Error"]["Code"] not in _TRY_AGAIN:
                raise
            return [reason_of(error)]
        return []

    def _successor(self, step: Step, stage: Stage) -> list[str]:
        """What is missing until a successor has proved itself and the gates are open again."""
        snapshot = self._look()
        waiting = gates.not_replaced(snapshot, step)
        self._show(waiting, stage)
        if reason := gates.boot_failed(snapshot, step):
            raise self._stopped(step, Outcome.FAILED, f"the boot of a successor failed: {reason}")
        if waiting:
            return [waiting]
        (step.successor,) = (each.id for each in snapshot.instances_of(step.slot))
        self._show(f"{step.successor} is in service", stage)
        return [gates.line(each) for each in self._roll.findings]

    def _show(self, text: str, stage: Stage) -> None:
        if text and text != self._seen:
            self._seen = text
            stage.line(f"{stage.seconds:5.1f} s  {text}")

    def _look(self) -> Snapshot:
        snapshot = validate.collect(self._target)
        self._roll.findings = gates.closed(snapshot)
        return snapshot

    def _stopped(self, step: Step, outcome: Outcome, *reasons: str) -> CommandError:
        self._roll.outcome = outcome
        self._roll.reason = "\n".join(filter(None, reasons))
        return text.stopped(self._roll, step)
