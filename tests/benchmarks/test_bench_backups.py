"""How `bench` reads what backups cost."""

import json
from pathlib import Path

import pytest

from benchmarks import backups
from kubequorum_cli.errors import CommandError


def _history(path: Path, seconds: list[float]) -> Path:
    """Acknowledged writes to etcd that took so long, among what does not count."""
    record = {"target": "etcd", "kind": "put", "outcome": "done", "call": 1_000}
    others = [
        {**record, "target": "api", "return": 9e12},
        {**record, "kind": "read", "return": 9e12},
        {**record, "outcome": "unknown", "return": 9e12},
    ]
    writes = [{**record, "return": 1_000 + each * 1e9} for each in seconds]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in [*others, *writes]), encoding="utf-8")
    return path


def test_the_99th_percentile_is_that_of_writes_to_etcd(tmp_path: Path) -> None:
    """Reads, the API's and unanswered ones do not count."""
    history = _history(tmp_path / "history.jsonl", [0.001] * 980 + [0.5] * 20)
    assert backups.p99_of_writes(history) == pytest.approx(0.5)
    quick = _history(tmp_path / "quick.jsonl", [0.001] * 995 + [0.5] * 5)
    assert backups.p99_of_writes(quick) == pytest.approx(0.001)


def test_too_few_writes_are_no_figure(tmp_path: Path) -> None:
    """A cluster that took none would have the best of all."""
    with pytest.raises(CommandError, match="has 3 writes"):
        backups.p99_of_writes(_history(tmp_path / "history.jsonl", [0.1] * 3))


def test_usage_is_read_from_the_kernel() -> None:
    """Ticks of the writer and of what it ran, and KiB."""
    stat = "S 1 812 812 0 -1 4194560 9 9 0 0 100 40 70 40 20 0 1 0 5000 1 1"
    assert backups.usage(f"100\n{stat}\nVmHWM:\t   61440 kB\n") == (2.5, 60.0)
