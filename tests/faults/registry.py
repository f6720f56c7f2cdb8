"""Every fault that there is, by name: what it does, what is expected, and when it is tried."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from lab.workload import Load
from tests.deploy.deployment import Deployment

_PAUSE_SECONDS = 1.0


@dataclass(kw_only=True)
class Scene:
    """What a fault has to do its work with. The clients write and read all the while."""

    cluster: Deployment
    load: Load
    random: Random = field(default_factory=lambda: Random(1))
    """For what may be one slot or another."""
    renewed: set[str] = field(default_factory=set)
    """Slots whose data the fault takes: their member must be a new one afterwards."""
    notes: list[str] = field(default_factory=list)
    """What was seen beside the usual, for the table."""

    def note(self, text: str) -> None:
        """Remember something for the table."""
        self.notes.append(text)

    def wait(self, holds: Callable[[], bool], what: str, *, seconds: float) -> float:
        """Wait until something holds, and say after how long; AssertionError if it does not."""
        begin = time.monotonic()
        while not holds():
            assert time.monotonic() - begin < seconds, f"not within {seconds:.0f} s: {what}"
            # Every look costs the machines some of their time.
            time.sleep(_PAUSE_SECONDS)
        return time.monotonic() - begin

    def end(self, slot: str) -> str:
        """Let the slot's group replace its instance, in order; the id of the old one."""
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

    def wait_for_service(self, slot: str, old: str, *, seconds: float = 420) -> float:
        """Wait until another instance than the old one is in service, and the only one; after how long."""

        def replaced() -> bool:
            members = self.cluster.members(slot)
            return [m["LifecycleState"] for m in members] == ["InService"] and members[0]["InstanceId"] != old

        return self.wait(replaced, f"slot {slot} has a successor of {old} in service", seconds=seconds)


Run = Callable[[Scene], None]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that is done to a running cluster."""

    name: str
    expected: str
    """For the table."""
    run: Run
    in_ci: bool
    """Whether `make test` tries it, too; `make faults` tries all."""
    in_soak: bool
    """Whether it may be one of a long row of random faults: short, and over by itself."""
    well_within_seconds: float
    """How long the cluster may take, after the fault is over, until all is well."""


FAULTS: dict[str, Fault] = {}


def fault(
    *,
    expected: str,
    in_ci: bool = False,
    in_soak: bool = False,
    well_within_seconds: float = 420,
    names: Iterable[str] = ("",),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Enter a function into the registry, under its name.

    With `names` it is entered once for each of them, as `function[name]`, and gets the name, too.
    """

    def enter(function: Callable[..., None]) -> Callable[..., None]:
        for variant in names:
            name = f"{function.__name__}[{variant}]" if variant else function.__name__
            FAULTS[name] = Fault(
                name=name,
                expected=expected,
                run=_bound(function, variant),
                in_ci=in_ci,
                in_soak=in_soak,
                well_within_seconds=well_within_seconds,
            )
        return function

    return enter


def _bound(function: Callable[..., None], variant: str) -> Run:
    return (lambda scene: function(scene, variant)) if variant else function
