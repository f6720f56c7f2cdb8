"""The bench's registry and its file."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from benchmarks import launches, source
from benchmarks.baseline import masters
from benchmarks.figures import Context, Figure, Measurement, Result
from benchmarks.registry import MEASUREMENTS
from development.commands import bench
from emulator.machines.nspawn.layout import StateFolder
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, UsageError
from lab.machine_choice import Obstacle
from lab.settings import CHECKOUT, Settings
from lab.toolchain import Toolchain

AIMS = {
    "synth_ratio": 1.5,
    "deploy_seconds": 60,
    "diff_seconds": None,
    "source_lines": None,
    "zero_to_ready_seconds": None,
    "zero_to_ready_floor_seconds": None,
    "zero_to_ready_ratio": 1.3,
    "master_boot_api_calls": 25,
    "user_data_bytes": 1536,
    "node_program_bytes": 10 * 1024 * 1024,
    "worker_ready_seconds": 12,
    "up_seconds": None,
    "replacement_own_seconds": 20,
    "replacement_own_ratio_1gib": 1.2,
    "replacement_vs_stock_ratio_1gib": 0.25,
    "client_gap_seconds": 5,
    "all_lost_seconds": 45,
}


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
    of_the_app = "app.py cdk-node.cjs cdk.json stacks constructs userdata clusters"
    listed = f"git ls-files -z -- {of_the_app} | xargs -0 cat"
    text = subprocess.run(["sh", "-c", listed], cwd=CHECKOUT, capture_output=True, check=True).stdout
    # A file may lack the newline at its end: then two lines become one for `cat`.
    assert 0 <= counted - len(text.splitlines()) <= 3
    assert counted > 500


def test_the_file_has_the_agreed_form(tmp_path: Path) -> None:
    """Name, value, unit and aim of each figure; what was left out and why; how busy the machine was."""
    figure = Figure(name="synth_ratio", unit="ratio", aim=1.5)
    path = tmp_path / "build" / "bench.json"
    other = Figure(name="up_seconds", unit="s", aim=None)
    left_out = bench.LeftOut(figure=other, reason="they need root")
    bench._write([Result(figure=figure, value=1.23456)], [left_out], path, load=0.251)
    assert json.loads(path.read_text()) == {
        "machine": {"processors": os.cpu_count(), "load_at_begin": 0.25},
        "figures": [{"name": "synth_ratio", "value": 1.235, "unit": "ratio", "aim": 1.5}],
        "left_out": [{"name": "up_seconds", "reason": "they need root"}],
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
    monkeypatch.setattr("lab.toolchain.ensure", lambda _progress: context(tmp_path).tools)
    with pytest.raises(CommandError, match="no"):
        bench.bench(Settings(work=tmp_path / "local"))
    assert list(tmp_path.iterdir()) == []


def _measured(name: str, *, needs_machines: bool = False) -> Measurement:
    """A measurement that yields 1."""
    figure = Figure(name=name, unit="s", aim=None)
    return Measurement(figures=(figure,), run=lambda _given: {name: 1.0}, needs_machines=needs_machines)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A bench of two measurements, one of which needs machines; and its settings."""
    monkeypatch.setattr(bench, "MEASUREMENTS", (_measured("one"), _measured("two", needs_machines=True)))
    monkeypatch.setattr("lab.toolchain.ensure", lambda _progress: context(tmp_path).tools)
    return Settings(work=tmp_path / "local", machines="auto")


def _names(settings: Settings) -> tuple[list[str], list[str]]:
    """What was measured and what was left out."""
    document = json.loads(settings.bench_results.read_text())
    return tuple([entry["name"] for entry in document[key]] for key in ("figures", "left_out"))  # type: ignore[return-value]


def test_without_machines_their_figures_are_left_out_and_the_others_are_not(
    small: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file and the table say so, with the reason."""
    obstacle = Obstacle(why="they need root", remedy="sudo")
    monkeypatch.setattr("lab.machine_choice.find_obstacle", lambda _stage: obstacle)
    bench.bench(small)
    assert _names(small) == (["one"], ["two"])
    assert "they need root" in capsys.readouterr().out
    monkeypatch.setattr("lab.machine_choice.find_obstacle", lambda _stage: None)
    bench.bench(small)
    assert _names(small) == (["one", "two"], [])


def test_one_figure_alone_writes_no_file(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is of one run; a name that is none is refused with all that are."""
    bench.bench(small, only=["one"])
    assert not small.bench_results.exists()
    assert "two" not in capsys.readouterr().out
    with pytest.raises(UsageError, match="no figure three") as raised:
        bench.bench(small, only=["three"])
    assert "one, two" in raised.value.remedy


def test_what_is_done_by_hand_fits_into_user_data() -> None:
    """EC2 takes 16 KiB; the script keeps its first line, gets its variables, and loses its comments."""
    pem = "-----BEGIN CERTIFICATE-----\n" + "x" * 700 + "\n"
    text = masters._user_data("ADDRESS=10.0.0.1\n", dict.fromkeys(masters._CA_SET, pem))
    assert len(text.encode()) < 16 * 1024
    assert text.startswith("#!/bin/bash\nADDRESS=10.0.0.1\n")
    assert "# shellcheck" not in text
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def test_a_launch_is_timed_by_the_machines_folder(tmp_path: Path) -> None:
    """The first of several counts; without machines there is none."""
    settings = Settings(work=tmp_path)
    assert launches.first_launch(settings) is None
    for name, moment in (("i-1", 200.25), ("i-2", 100.75)):
        folder = StateFolder(settings.machines_state).machine(name).binds
        folder.mkdir(parents=True)
        os.utime(folder, (moment, moment))
    assert launches.first_launch(settings) == 100.75
    assert launches.launch_time(settings, "i-1") == 200.25
