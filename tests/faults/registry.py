"""Every fault by name: what it does, what is expected, and when it is tried."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from kubequorum_cli import validate
from lab.cluster import MachineError
from lab.workload import Load, TurnedBack
from tests.deploy.deployment import Deployment

_PAUSE_SECONDS = 1.0


@dataclass(kw_only=True)
class Scene:
    """What a fault works with. Clients write and read all the time."""

    cluster: Deployment
    load: Load
    random: Random = field(default_factory=lambda: Random(1))
    """For what may be one slot or another."""
    replaced: set[str] = field(default_factory=set)
    """Slots whose data the fault destroys: their etcd member must be a new one afterwards."""
    turned_back: TurnedBack | None = None
    """What a restore may have lost; None if nothing may be lost."""
    notes: list[str] = field(default_factory=list)
    """Observations for the table."""

    def note(self, text: str) -> None:
        """Add an observation to the table."""
        self.notes.append(text)

    def wait(self, holds: Callable[[], bool], what: str, *, seconds: float) -> float:
        """Wait until a condition holds; after how many seconds. AssertionError if it does not in time."""
        # Every look takes time of the machines.
        return self.cluster.wait_until(holds, what, seconds=seconds, pause_seconds=_PAUSE_SECONDS)

    def terminate(self, slot: str) -> str:
        """Let the slot's group replace its instance by graceful termination; the id of the old instance."""
        old = self.cluster.master(slot)
        self.cluster.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=old, ShouldDecrementDesiredCapacity=False
        )
        return old

    def successor(self, slot: str, old: str, *, seconds: float = 60) -> str:
        """Wait until the slot's group has launched another instance than the old one; its id."""
        found: list[str] = []

        def look() -> bool:
            found[:] = [
                str(member["InstanceId"])
                for member in self.cluster.members(slot)
                if member["InstanceId"] != old
            ]
            return bool(found)

        self.wait(look, f"a successor of {old} in slot {slot}", seconds=seconds)
        return found[0]

    def wait_until_replaced(self, slot: str, old: str, *, seconds: float = 420) -> float:
        """Wait until another instance is the slot's only one, and in service; after how many seconds."""

        def replaced() -> bool:
            members = self.cluster.members(slot)
            return [m["LifecycleState"] for m in members] == ["InService"] and members[0]["InstanceId"] != old

        return self.wait(replaced, f"slot {slot} has a successor of {old} in service", seconds=seconds)

    def wait_for_another_leader(self, old: str, *, seconds: float = 60) -> float:
        """Wait until a slot's member other than the old leader knows another leader; after how many seconds.

        The old leader is not asked: one that is cut off may still regard itself as the leader.
        """
        others = [slot for slot in self.cluster.slots if slot != old]

        def elected() -> bool:
            for slot in others:
                with suppress(MachineError):
                    return self.cluster.leader(slot=slot) != old
            return False

        return self.wait(elected, f"the others elect another leader than slot {old}", seconds=seconds)

    def wait_for_finding(self, kind: validate.Kind, *, seconds: float = 60) -> None:
        """Wait until `validate` finds what the fault does; AssertionError if it does not in time."""

        def found() -> bool:
            findings = validate.find(validate.collect(self.cluster.target))
            return kind.id in {finding.id for finding in findings}

        took = self.wait(found, f"validate finds {kind.id}", seconds=seconds)
        self.note(f"validate found {kind.id} after {took:.0f} s")

    def effects(self, *fault_ids: str | None) -> int:
        """How often these faults have had an effect; one that is used up and inactive counts 1."""
        active = {fault.fault_id: fault.used for fault in self.cluster.faults.active()}
        return sum(active.get(fault_id, 1) for fault_id in fault_ids if fault_id is not None)


Run = Callable[[Scene], None]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A fault, at one of its points if it has several."""

    fault: str
    point: str
    """Empty if the fault has one point only."""
    expected: str
    """For the table."""
    run: Run
    in_ci: bool
    """Whether `make test` runs it; `make faults` runs all."""
    in_soak: bool
    """Whether it may be one of many random faults: short, and over by itself."""
    recovery_seconds: float
    """How long the cluster may take to recover once the fault is over."""
    aws_times: float | None
    """While the fault runs the embedded AWS takes as long as AWS, times this factor. None: it is quick."""

    @property
    def name(self) -> str:
        """The fault, with the point in brackets if there is one."""
        return f"{self.fault}[{self.point}]" if self.point else self.fault


TRIALS: dict[str, Trial] = {}
"""By name."""


def trial(
    *,
    expected: str,
    in_ci: bool = False,
    in_soak: bool = False,
    recovery_seconds: float = 420,
    aws_times: float | None = None,
    points: Iterable[str] = ("",),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as the trial of a fault, under its name.

    With `points` it is one fault with a trial at each of them; the function gets the point as an argument.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        for point in points:
            registered = Trial(
                fault=function.__name__,
                point=point,
                expected=expected,
                run=_bound(function, point),
                in_ci=in_ci,
                in_soak=in_soak,
                recovery_seconds=recovery_seconds,
                aws_times=aws_times,
            )
            TRIALS[registered.name] = registered
        return function

    return register


def _bound(function: Callable[..., None], point: str) -> Run:
    return (lambda scene: function(scene, point)) if point else function
