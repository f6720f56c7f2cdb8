"""What a measurement is, and its figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kubequorum_cli.console import Progress
from lab.cluster import Cluster
from lab.settings import REAL, Settings
from lab.toolchain import Toolchain


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number to follow from release to release."""

    name: str
    unit: str
    aim: float | None
    """At most this; None: for information, without an aim."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a measurement may use."""

    settings: Settings
    """An embedded AWS of the benchmark's own: a cluster of `up` is not touched."""
    tools: Toolchain
    scratch: Path
    """An empty folder, removed at the end."""
    progress: Progress

    def with_machines(self) -> Settings:
        """The settings with real machines behind the instances."""
        return replace(self.settings, machines=REAL)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Measures figures on a cluster that stands; several probes share one."""

    figures: tuple[Figure, ...]
    run: Callable[[Cluster, Progress], Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Measures all of its figures in one run."""

    figures: tuple[Figure, ...]
    run: Callable[[Context], Mapping[str, float]]
    needs_machines: bool = False
    """Whether it boots real machines: skipped where they cannot run."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A figure with its value."""

    figure: Figure
    value: float

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None without an aim."""
        return None if self.figure.aim is None else self.value <= self.figure.aim
