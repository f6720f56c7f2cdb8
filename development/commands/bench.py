"""`bench`: all measurements in one run."""

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from benchmarks.environment import clean
from benchmarks.figures import Context, Figure, Measurement, Result
from benchmarks.registry import MEASUREMENTS
from development.checks.orphans import adopt
from emulator.processes import replace_file
from kubequorum_cli.console import Progress, stdout
from kubequorum_cli.errors import UsageError
from lab import cluster_file, lock, machine_choice, toolchain
from lab.settings import AUTOMATIC, REAL, Settings

_WHOLE = ("bytes", "calls")
"""Units of figures that are whole numbers."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A figure that was not measured."""

    figure: Figure
    reason: str


def bench(settings: Settings, *, only: Sequence[str] = ()) -> None:
    """Measure in embedded AWSes of its own.

    With `only`, run the measurements of these figures, and write nothing: bench.json is always of one run.

    Raises:
        CommandError: a measurement fails; nothing is written then.
    """
    progress = Progress()
    owner = adopt()
    own = replace(settings, work=settings.work.with_name("bench"), machines="process", owner=owner)
    wanted = _chosen(only)
    results: list[Result] = []
    left_out: list[LeftOut] = []
    # Seconds that were measured beside other load mean little: the file records the load.
    load = os.getloadavg()[0]
    with lock.exclusive(own.lock, command="bench"):
        tools = toolchain.ensure(progress)
        obstacle = _obstacle(settings, progress) if any(one.needs_machines for one in wanted) else ""
        for measurement in wanted:
            if measurement.needs_machines and obstacle:
                left_out += [LeftOut(figure=figure, reason=obstacle) for figure in measurement.figures]
                continue
            with clean(own), tempfile.TemporaryDirectory() as scratch:
                context = Context(settings=own, tools=tools, scratch=Path(scratch), progress=progress)
                results += _results(measurement, context)
        if not only:
            _write(results, left_out, settings.bench_results, load=load)
    _show(results, left_out)


def _chosen(only: Sequence[str]) -> list[Measurement]:
    names = {figure.name for measurement in MEASUREMENTS for figure in measurement.figures}
    if unknown := [name for name in only if name not in names]:
        raise UsageError(
            f"there is no figure {', '.join(unknown)}", remedy=f"choose from: {', '.join(sorted(names))}"
        )
    return [
        measurement
        for measurement in MEASUREMENTS
        if not only or any(figure.name in only for figure in measurement.figures)
    ]


def _obstacle(settings: Settings, progress: Progress) -> str:
    """Why real machines cannot be measured; empty if they can."""
    if settings.machines not in {AUTOMATIC, REAL}:
        return f"KUBEQUORUM_MACHINES is {settings.machines}"
    with progress.stage("Prepare real machines") as stage:
        wanted = cluster_file.read(settings.default_cluster)
        obstacle = machine_choice.find_obstacle(stage, wanted.addon_images)
    return obstacle.why if obstacle is not None else ""


def _results(measurement: Measurement, context: Context) -> list[Result]:
    values = measurement.run(context)
    return [Result(figure=figure, value=values[figure.name]) for figure in measurement.figures]


def _write(results: list[Result], left_out: list[LeftOut], path: Path, *, load: float) -> None:
    figures = [
        {
            "name": result.figure.name,
            "value": round(result.value, 3),
            "unit": result.figure.unit,
            "aim": result.figure.aim,
        }
        for result in results
    ]
    document = {
        "machine": {"processors": os.cpu_count(), "load_at_begin": round(load, 2)},
        "figures": figures,
        "left_out": [{"name": one.figure.name, "reason": one.reason} for one in left_out],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(document, indent=2) + "\n")


def _show(results: list[Result], left_out: list[LeftOut]) -> None:
    table = Table("figure", "value", "unit", "aim", "met", box=None)
    for result in results:
        met = {None: "", True: "yes", False: "no"}[result.met]
        aim = "" if result.figure.aim is None else f"at most {result.figure.aim:g}"
        value = f"{result.value:.0f}" if result.figure.unit in _WHOLE else f"{result.value:.2f}"
        table.add_row(result.figure.name, value, result.figure.unit, aim, met)
    for one in left_out:
        table.add_row(one.figure.name, "not measured", one.figure.unit, "", "")
    console = stdout()
    console.print(table)
    for reason in sorted({one.reason for one in left_out}):
        console.print(f"Not measured, because real machines cannot run here: {reason}", markup=False)
