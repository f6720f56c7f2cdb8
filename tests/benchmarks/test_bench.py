"""The figures of `bench` and their file."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from benchmarks import launches
from benchmarks.baseline import masters
from benchmarks.figures import Context, Figure, Measurement, Result
from benchmarks.registry import MEASUREMENTS
from development.commands import bench
from emulator.machines.nspawn.layout import StateFolder
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, Obstacle, UsageError
from lab.settings import Settings
from lab.toolchain import Toolchain


def context(tmp_path: Path) -> Context:
    """A context for measurements that use no tools."""
    tools = Toolchain(node=tmp_path / "node", cdk=tmp_path / "cdk")
    return Context(settings=Settings(work=tmp_path / "w"), tools=tools, scratch=tmp_path, progress=Progress())


def test_every_figure_has_a_name_of_its_own() -> None:
    """The file and `--only` refer to figures by name."""
    names = [figure.name for measurement in MEASUREMENTS for figure in measurement.figures]
    assert len(set(names)) == len(names)


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
    monkeypatch.setattr("lab.machine_choice.find_obstacle", lambda *_: obstacle)
    bench.bench(small)
    assert _names(small) == (["one"], ["two"])
    assert "they need root" in capsys.readouterr().out
    monkeypatch.setattr("lab.machine_choice.find_obstacle", lambda *_: None)
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


def test_the_baseline_fits_into_user_data() -> None:
    """EC2 takes 16 KiB; the script keeps its first line, gets its variables, and loses its comments."""
    pem = "-----BEGIN CERTIFICATE-----\n" + "x" * 700 + "\n"
    text = masters._user_data("ADDRESS=10.0.0.1\n", dict.fromkeys(masters._CA_SET, pem))
    assert len(text.encode()) < 16 * 1024
    assert text.startswith("#!/bin/bash\nADDRESS=10.0.0.1\n")
    assert "# shellcheck" not in text
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def test_a_launch_is_timed_by_the_machines_folder(tmp_path: Path) -> None:
    """The first of several counts; without machines there is none."""
    assert launches.first_launch(tmp_path) is None
    for name, moment in (("i-1", 200.25), ("i-2", 100.75)):
        folder = StateFolder(tmp_path).machine(name).binds
        folder.mkdir(parents=True)
        os.utime(folder, (moment, moment))
    assert launches.first_launch(tmp_path) == 100.75
    assert launches.launch_time(tmp_path, "i-1") == 200.25
