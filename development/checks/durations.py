"""How long the suites take: recorded in the tree, and measured by the last run on this computer."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from development.checks.suites import Suite
from emulator.processes import replace_file
from lab.settings import CHECKOUT

_RECORDED = Path(__file__).with_name("durations.json")
"""Measured with warm caches; copied from build/test-durations.json when the tests have changed much."""
_MEASURED = CHECKOUT / "build" / "test-durations.json"
_PROCESSES = 2
"""In which pytest runs everything but `machines` alone: see `suites.parallel`."""


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Seconds of each suite: of its checks or tests, one after the other."""

    seconds: Mapping[str, float]
    processors: int | None
    measured: frozenset[str] = frozenset()
    """The suites whose seconds are of the last run on this computer."""

    def estimate(self, suites: set[Suite], *, machines: bool) -> float:
        """Seconds that a run of these suites takes.

        `lint` comes first, alone. Then pytest takes two processes: the tests that boot machines stay in one
        of them, and all others share what is left.
        """
        tests = {
            suite: self.seconds.get(suite, 0.0)
            for suite in suites - {Suite.LINT}
            if machines or suite is not Suite.MACHINES
        }
        lint = self.seconds.get(Suite.LINT, 0.0) if Suite.LINT in suites else 0.0
        longest = tests.get(Suite.MACHINES, 0.0)
        processes = 1 if set(tests) == {Suite.MACHINES} else _PROCESSES
        return lint + max(sum(tests.values()) / processes, longest)

    def announcement(self, suites: set[Suite], *, no_machines: str | None, build_seconds: float = 0) -> str:
        """For a person: how long it will take, and why.

        Args:
            suites: what is to run.
            no_machines: why the tests on real machines are skipped; None if they run.
            build_seconds: how long it takes before to provide what real machines boot.
        """
        machines = no_machines is None
        ran = [suite for suite in Suite if suite in suites and (machines or suite is not Suite.MACHINES)]
        unknown = [suite for suite in ran if suite not in self.seconds]
        parts = [f"{suite} {_text(self.seconds[suite])}" for suite in ran if suite not in unknown]
        parts += [f"{suite} (not measured yet)" for suite in unknown]
        total = self.estimate(suites, machines=machines) + build_seconds
        lines = [f"This will take {'at least' if unknown else 'about'} {_text(total)}: {', '.join(parts)}."]
        if build_seconds:
            lines.append(
                f"Before, what real machines boot is downloaded or built, because it is not in the cache: "
                f"{_text(build_seconds)} if all of it must be built."
            )
        own = self.measured & set(ran)
        if own == set(ran):
            lines.append(f"Measured by the last run here, on {os.cpu_count()} processors.")
        else:
            source = f"Recorded on {self.processors} processors with warm caches"
            mixed = f"; measured here: {', '.join(sorted(own))}" if own else ""
            lines.append(f"{source}{mixed}. This computer has {os.cpu_count()}.")
        if len(ran) > 1:
            lines.append("Tests run in two processes; those that boot machines one after the other.")
        if Suite.MACHINES in suites and no_machines is not None:
            lines.append(f"Without {Suite.MACHINES}: {no_machines}.")
        return "\n".join(lines)


def known() -> Durations:
    """What is recorded, with what the last run measured in its place."""
    recorded = _read(_RECORDED)
    measured = _read(_MEASURED)
    return Durations(
        seconds={**recorded.seconds, **measured.seconds},
        processors=recorded.processors,
        measured=frozenset(measured.seconds),
    )


def record(seconds: Mapping[str, float], *, path: Path = _MEASURED) -> None:
    """Keep what a run measured of whole suites, beside what earlier runs measured of others."""
    merged = {**_read(path).seconds, **{name: round(value, 1) for name, value in seconds.items()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps({"processors": os.cpu_count(), "seconds": merged}, indent=2) + "\n")


def _read(path: Path) -> Durations:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Durations(seconds=dict(document["seconds"]), processors=document["processors"])
    except (OSError, ValueError, KeyError, TypeError):
        return Durations(seconds={}, processors=None)


def _text(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
