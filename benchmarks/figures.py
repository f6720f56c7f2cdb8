"""What a measurement is, and the figures it yields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.standing import Standing
from kubequorum_cli.console import Progress
from lab.settings import REAL, Settings
from lab.toolchain import Toolchain


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number that is worth following."""

    name: str
    unit: str
    aim: float | None
    """At most this; None: a number to know, without an aim."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a measurement may use."""

    settings: Settings
    """An embedded AWS of the bench's own: what runs by `up` is not touched."""
    tools: Toolchain
    scratch: Path
    """An empty folder, removed at the end."""
    progress: Progress

    def with_machines(self) -> Settings:
        """The settings with real machines behind the instances."""
        return replace(self.settings, machines=REAL)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Yields figures of a cluster that stands; several of them share one."""

    figures: tuple[Figure, ...]
    run: Callable[[Standing], Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Yields a value for each of its figures in one go."""

    figures: tuple[Figure, ...]
    run: Callable[[Context], Mapping[str, float]]
    needs_machines: bool = False
    """Whether it boots real machines: left out where they cannot run."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A figure with its value."""

    figure: Figure
    value: float

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None if there is none."""
        return None if self.figure.aim is None else self.value <= self.figure.aim
