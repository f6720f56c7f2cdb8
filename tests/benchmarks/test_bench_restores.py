"""How `bench` relates a restore to a loss that needs none."""

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import all_lost, restore, restores
from benchmarks.restore import Restore
from kubequorum_cli.console import Progress


def test_each_size_is_compared_with_its_own_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure has its value; the database is filled, and backed up, between the two."""
    order: list[str] = []
    losses = iter([20.0, 40.0])
    times = iter([Restore(seconds=30, rpo_seconds=4), Restore(seconds=90, rpo_seconds=8)])
    cluster: Any = SimpleNamespace(target=None, targets=lambda: None, database_bytes=lambda: 1 << 30)

    class Folder:
        def __truediv__(self, name: str) -> str:
            return name

    cluster.folder = Folder()

    def lose(_: object, folder: str) -> float:
        order.append(folder)
        return next(losses)

    def restored(_: object, folder: str) -> Restore:
        order.append(folder)
        return next(times)

    monkeypatch.setattr(all_lost, "measure", lose)
    monkeypatch.setattr(restore, "measure", restored)
    monkeypatch.setattr(restores, "require_health", lambda _: None)
    monkeypatch.setattr(restores, "deployed_cluster", lambda *_: cluster)
    monkeypatch.setattr(restores, "fill", lambda *_, size_bytes: order.append(f"fill {size_bytes}"))
    monkeypatch.setattr(restores, "backup", lambda *_, **__: order.append("backup"))
    context: Any = SimpleNamespace(with_machines=lambda: None, tools=None, progress=Progress(), scratch=None)
    values = restores.measure(context)
    assert order == [
        "all-lost", "restore", f"fill {1 << 30}", "backup", "all-lost_1gib", "restore_1gib",
    ]  # fmt: skip
    assert values == {
        "all_lost_seconds": 20.0,
        "restore_seconds": 30,
        "restore_ratio": 1.5,
        "backup_rpo_seconds": 4,
        "all_lost_seconds_1gib": 40.0,
        "restore_seconds_1gib": 90,
        "restore_ratio_1gib": 2.25,
    }
    assert values.keys() == {figure.name for figure in restores.MEASUREMENT.figures}
