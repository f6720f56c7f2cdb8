"""The bench's registry and its file."""

import json
import subprocess
from pathlib import Path

import pytest

from local.bench import source
from local.bench.figures import Context, Figure, Measurement, Result
from local.bench.registry import MEASUREMENTS
from local.cli.commands import bench
from local.cli.console import Progress
from local.cli.errors import CommandError
from local.cli.settings import CHECKOUT, Settings
from local.cli.toolchain import Toolchain

AIMS = {"synth_ratio": 1.5, "deploy_seconds": 60, "diff_seconds": None, "source_lines": None}


def context(tmp_path: Path) -> Context:
    """A context for measurements that use no tools."""
    tools = Toolchain(node=tmp_path / "node", cdk=tmp_path / "cdk")
    return Context(settings=Settings(work=tmp_path / "w"), tools=tools, scratch=tmp_path, progress=Progress())


def test_the_figures_that_others_look_for_are_there_once() -> None:
    """Each name stands for one figure, with its aim."""
    figures = [figure for measurement in MEASUREMENTS for figure in measurement.figures]
    names = [figure.name for figure in figures]
    assert len(set(names)) == len(names)
    assert AIMS.items() <= {figure.name: figure.aim for figure in figures}.items()


def test_the_lines_are_those_of_the_app_in_git(tmp_path: Path) -> None:
    """The same count by other means: git's files of the app's folders through wc."""
    counted = source.MEASUREMENT.run(context(tmp_path))["source_lines"]
    parts = "app.py cdk.json cdk-node.cjs stacks constructs userdata clusters"
    listed = f"git ls-files -z -- {parts} | xargs -0 cat"
    text = subprocess.run(["sh", "-c", listed], cwd=CHECKOUT, capture_output=True, check=True).stdout
    # A file may lack the newline at its end: then two lines become one for `cat`.
    assert 0 <= counted - len(text.splitlines()) <= 3
    assert counted > 500


def test_the_file_has_the_agreed_form(tmp_path: Path) -> None:
    """Name, value, unit and aim of each figure, in a list."""
    figure = Figure(name="synth_ratio", unit="ratio", aim=1.5)
    path = tmp_path / "build" / "bench.json"
    bench._write([Result(figure=figure, value=1.23456)], path)
    assert json.loads(path.read_text()) == {
        "figures": [{"name": "synth_ratio", "value": 1.235, "unit": "ratio", "aim": 1.5}]
    }


@pytest.mark.parametrize(("value", "aim", "met"), [(1.5, 1.5, True), (1.6, 1.5, False), (9.0, None, None)])
def test_an_aim_is_an_upper_limit(value: float, aim: float | None, met: bool | None) -> None:
    """Met up to and including the aim; without one there is nothing to meet."""
    assert Result(figure=Figure(name="x", unit="s", aim=aim), value=value).met is met


def test_a_failing_measurement_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error goes through, and neither half a result nor a work folder stays."""

    def fail(given: Context) -> dict[str, float]:
        given.settings.work.mkdir(parents=True)
        raise CommandError("no")

    measurement = Measurement(figures=(Figure(name="x", unit="s", aim=None),), run=fail)
    monkeypatch.setattr(bench, "MEASUREMENTS", (measurement,))
    monkeypatch.setattr("local.cli.toolchain.ensure", lambda _progress: context(tmp_path).tools)
    with pytest.raises(CommandError, match="no"):
        bench.bench(Settings(work=tmp_path / "local"))
    assert list(tmp_path.iterdir()) == []
