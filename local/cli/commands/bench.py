"""`bench`: every measurement in one run."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from local.bench.figures import Context, Measurement, Result
from local.bench.registry import MEASUREMENTS
from local.cli import cdk, emulator, lock, toolchain
from local.cli.console import Progress, stdout
from local.cli.settings import Settings
from local.processes import replace_file


def bench(settings: Settings) -> None:
    """Measure in an embedded AWS of its own; CommandError, and nothing is written, if a measurement fails."""
    progress = Progress()
    own = replace(settings, work=settings.work.with_name("bench"), machines="process")
    with lock.exclusive(own.lock, command="bench"):
        tools = toolchain.ensure(progress)
        results: list[Result] = []
        for measurement in MEASUREMENTS:
            with _clean(own), tempfile.TemporaryDirectory() as scratch:
                context = Context(settings=own, tools=tools, scratch=Path(scratch), progress=progress)
                results += _results(measurement, context)
        _write(results, settings.bench_results)
    _show(results)


@contextmanager
def _clean(settings: Settings) -> Iterator[None]:
    """Begin with nothing and leave nothing, also of a run that was killed."""
    _remove(settings)
    try:
        yield
    finally:
        _remove(settings)


def _remove(settings: Settings) -> None:
    cdk.stop(settings)
    emulator.stop(settings)
    shutil.rmtree(settings.work, ignore_errors=True)


def _results(measurement: Measurement, context: Context) -> list[Result]:
    values = measurement.run(context)
    return [Result(figure=figure, value=values[figure.name]) for figure in measurement.figures]


def _write(results: list[Result], path: Path) -> None:
    figures = [
        {
            "name": result.figure.name,
            "value": round(result.value, 3),
            "unit": result.figure.unit,
            "aim": result.figure.aim,
        }
        for result in results
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps({"figures": figures}, indent=2) + "\n")


def _show(results: list[Result]) -> None:
    table = Table("figure", "value", "unit", "aim", "met", box=None)
    for result in results:
        met = {None: "", True: "yes", False: "no"}[result.met]
        aim = "" if result.figure.aim is None else f"at most {result.figure.aim:g}"
        value = f"{result.value:.2f}" if result.figure.unit != "lines" else f"{result.value:.0f}"
        table.add_row(result.figure.name, value, result.figure.unit, aim, met)
    stdout().print(table)
