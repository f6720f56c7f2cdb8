"""What can befall AWS: its API, its clock, its events, and what its services do."""

from emulator.faults.connection import Connection
from emulator.faults.rules import ApiRule


class AwsBreaks(Connection):
    """What strings are returned are ids of switches, each on until it has had its effect so many `times`."""

    def api(self, rule: ApiRule) -> str:
        """Let requests fail, be late, or be lost."""
        return str(self._ask("api", **rule.as_parameters()))

    def clock(self, instance_id: str, *, seconds: float) -> str:
        """Let AWS's clock be so many seconds ahead of the instance's (negative: behind).

        Its signed requests are refused as AWS refuses them: S3, STS and IAM beyond 15 minutes, others
        beyond 5. The Date of each answer tells.
        """
        return str(self._ask("clock", instance_id=instance_id, seconds=seconds))

    def expire_credentials(self, instance_id: str) -> None:
        """End every session of the instance's role now; its metadata service hands out a new one."""
        self._ask("expire_credentials", instance_id=instance_id)

    def hold_detach(
        self, *, seconds: float, volume_id: str | None = None, force_helps: bool = False, times: int = 1
    ) -> str:
        """Let the next detach, or release by the end of its instance, last so many emulated seconds.

        The volume stays `detaching`. A forced detach ends that at once only if `force_helps`.
        """
        return str(
            self._ask(
                "hold_detach", seconds=seconds, volume_id=volume_id, force_helps=force_helps, times=times
            )
        )

    def delay_attach(self, *, seconds: float, volume_id: str | None = None, times: int = 1) -> str:
        """Let the next attachment stay `attaching` for so many emulated seconds."""
        return str(self._ask("delay_attach", seconds=seconds, volume_id=volume_id, times=times))

    def impair(self, instance_id: str, impaired: bool = True) -> None:
        """Let EC2's status checks of an instance fail, or pass again."""
        self._ask("impair", instance_id=instance_id, impaired=impaired)

    def lose_event(
        self, *, detail_type: str | None = None, instance_id: str | None = None, times: int = 1
    ) -> str:
        """Let the next event on EventBridge's default bus be lost; by default the next lifecycle action's.

        `detail_type` is the event's, e.g. `EC2 Instance-terminate Lifecycle Action`.
        """
        return str(self._ask("lose_event", detail_type=detail_type, instance_id=instance_id, times=times))

    def lose_completion(self, *, instance_id: str | None = None, times: int = 1) -> str:
        """Let the next CompleteLifecycleAction of this instance (or any) be answered, but not done."""
        rule = ApiRule(
            service="autoscaling",
            operation="CompleteLifecycleAction",
            instance_id=instance_id,
            lost="silently",
            times=times,
        )
        return self.api(rule)

    def imds(
        self,
        instance_id: str | None = None,
        *,
        delay_seconds: float = 0.0,
        status: int | None = None,
        path: str = "",
        times: int | None = None,
    ) -> str:
        """Let the metadata service of an instance (or all) be late, or answer with a status such as 503.

        `path` is a part of the paths that are hit, e.g. `security-credentials`; empty hits all.
        """
        return str(
            self._ask(
                "imds",
                instance_id=instance_id,
                delay_seconds=delay_seconds,
                status=status,
                path=path,
                times=times,
            )
        )

    def kill_at_line(
        self, line: str, *, zone: str | None = None, instance_id: str | None = None, times: int = 1
    ) -> str | None:
        """Kill a Python program (SIGKILL) right after it has printed this text: once on a machine.

        On machines that are launched from now on (in a zone, if one is named), `times` times in all; the
        switch's id, which is on until then. Several such switches may hit one machine, one after the other.
        With `instance_id` on that machine, if the program starts after this; None, for there is no switch.
        """
        answer = self._ask("kill_at_line", line=line, zone=zone, instance_id=instance_id, times=times)
        return None if answer is None else str(answer)
