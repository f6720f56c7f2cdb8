"""The client: one method for each thing that can be broken, over a connection of its own for each call."""

import base64
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from local.breaks import channel
from local.breaks.rules import ApiRule, CommandResult, Machine, Network, Switch

_PATIENCE_SECONDS = 120.0
"""For an answer; some breaks wait for a machine or the kernel."""


class Breaks:
    """Breaks what runs in the embedded AWS of a state folder. Methods may be called from several threads.

    All raise `BreakError` when the emulator refuses, `UnknownTargetError` for a machine or volume that it
    does not know, and `EmulatorNotRunningError` when there is none. What returns a string returns a switch's
    id, for `remove`; such a switch is on until it has had its effect so many `times`.
    """

    def __init__(self, state_dir: Path) -> None:
        """`state_dir` is the emulator's --state-dir; with the command line, `Settings.machines_state`."""
        self._state_dir = state_dir

    # Machines ---------------------------------------------------------------------------

    def machines(self) -> list[Machine]:
        """Every machine that there is, with what is broken about it."""
        return [Machine(**entry) for entry in self._ask("machines")]

    def networks(self) -> Network:
        """How the network is cut up."""
        return Network(**self._ask("networks"))

    def run(
        self, instance_id: str, command: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float = 60
    ) -> CommandResult:
        """Run a command as the machine's root, and wait for its end.

        Raises:
            UnknownTargetError: no such machine, or it is off.
            TimedOutError: it took longer than `timeout_seconds`; it was killed.
        """
        answer = self._ask(
            "run",
            patience_seconds=timeout_seconds + _PATIENCE_SECONDS,
            instance_id=instance_id,
            command=list(command),
            stdin=base64.b64encode(stdin).decode(),
            timeout_seconds=timeout_seconds,
        )
        return CommandResult(
            status=answer["status"],
            stdout=base64.b64decode(answer["stdout"]),
            stderr=base64.b64decode(answer["stderr"]),
        )

    # `noticed`: whether EC2's status checks find it, at once; then a group replaces its instance. They never
    # do with False, as if it lasted less than the minutes that they take on AWS.

    def power_loss(self, instance_id: str, *, noticed: bool = True) -> None:
        """Switch the machine off at once; what its volumes' file systems have not written yet is lost.

        To EC2 the instance is still `running`.
        """
        self._ask("power_loss", instance_id=instance_id, noticed=noticed)

    def power_on(self, instance_id: str) -> None:
        """Boot a machine that lost its power, with the same disk, address and volumes."""
        self._ask("power_on", instance_id=instance_id)

    def freeze(self, instance_id: str, frozen: bool = True, *, noticed: bool = True) -> None:
        """Stop all processes of the machine where they are, as a hung kernel would, or let them go on."""
        self._ask("freeze", instance_id=instance_id, frozen=frozen, noticed=noticed)

    def partition(self, instance_id: str, cut: bool = True, *, noticed: bool = True) -> None:
        """Cut the machine off from everything (machines, API, names, metadata), or connect it again."""
        self._ask("partition", instance_id=instance_id, cut=cut, noticed=noticed)

    def split(self, *groups: Collection[str]) -> None:
        """A partition in the middle: machines of different groups cannot reach each other.

        Everybody reaches a machine that is in no group, the load balancer, names, metadata and the API.
        A second split takes the place of the first; without groups there is none. Status checks notice
        nothing.
        """
        self._ask("split", groups=[list(group) for group in groups])

    def cut_zone(self, zone: str, cut: bool = True, *, noticed: bool = True) -> None:
        """Cut a zone off: its machines, also those launched later, and the load balancer's address in it.

        Inside the zone everything works, metadata and names too; the API and other zones are out of reach.
        """
        self._ask("cut_zone", zone=zone, cut=cut, noticed=noticed)

    def heal(self) -> None:
        """Connect everything that was cut or split, and let frozen machines go on; lost power stays lost."""
        self._ask("heal")

    # Volumes ----------------------------------------------------------------------------

    def wipe_volume(self, volume_id: str) -> None:
        """Make a volume blank, as if it were another one; its machine must be off, or it detached."""
        self._ask("wipe_volume", volume_id=volume_id)

    def corrupt_volume(
        self, volume_id: str, pattern: str, *, at: float = 0.5, length_bytes: int = 4096, seed: int = 0
    ) -> str:
        """Overwrite a part of a file on a volume with noise; its machine must be off, or it detached.

        `pattern` is a glob in the volume's file system, e.g. `**/member/wal/*.wal`; of several files the one
        written last is taken. `at` says where in the file's data the noise begins: 0 its first byte, 1 its
        end. Zeros at its end, as etcd's WAL has, do not count. Returns the file's path on the volume.
        """
        return str(
            self._ask(
                "corrupt_volume",
                volume_id=volume_id,
                pattern=pattern,
                at=at,
                length_bytes=length_bytes,
                seed=seed,
            )
        )

    def fill_volume(self, volume_id: str, *, leave_bytes: int = 0) -> int:
        """Take the free space of a mounted volume by a file `breaks.fill` in its root; how many bytes.

        `unfill_volume`, or deleting the file, gives it back.
        """
        return int(self._ask("fill_volume", volume_id=volume_id, leave_bytes=leave_bytes))

    def unfill_volume(self, volume_id: str) -> None:
        """Remove that file."""
        self._ask("unfill_volume", volume_id=volume_id)

    # AWS --------------------------------------------------------------------------------

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

    # What is on -------------------------------------------------------------------------

    def switches(self) -> list[Switch]:
        """Everything that is broken now, or waits for its time."""
        return [Switch(**entry) for entry in self._ask("switches")]

    def remove(self, switch_id: str) -> None:
        """Remove one switch; `UnknownTargetError` if it is gone already."""
        self._ask("remove", switch_id=switch_id)

    def clear(self) -> None:
        """Remove all switches."""
        self._ask("clear")

    def heal_all(self) -> None:
        """`clear` and `heal`."""
        self.clear()
        self.heal()

    def _ask(self, name: str, *, patience_seconds: float = _PATIENCE_SECONDS, **parameters: Any) -> Any:
        return channel.ask(self._state_dir, name, parameters, timeout_seconds=patience_seconds)
