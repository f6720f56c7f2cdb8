"""An account that is recorded, and `init` in it."""

from pathlib import Path
from typing import Any

import pytest

from development.commands import init as command
from development.init.account import Account
from kubequorum.config import Cluster, load_cluster
from tests.development.init.recorded_account import RecordedSession
from tests.development.init.running import Run, person


@pytest.fixture
def session() -> RecordedSession:
    """The account, in which nothing is short."""
    return RecordedSession()


@pytest.fixture(autouse=True)
def _no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(session: RecordedSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run it with options, or with answers of a person; the cluster, the file's text, and what was noted."""

    def run(*answers: str, **options: Any) -> tuple[Cluster, str, str]:
        path = tmp_path / "cluster.yaml"
        ask = person(*answers) if answers else None
        command.init(
            options,
            output=path,
            force=False,
            yes=ask is None,
            find_account=lambda region: Account(region, session),
            ask=ask,
        )
        said = capsys.readouterr()
        assert said.out == f"{path}\n"
        return load_cluster(path), path.read_text(encoding="utf-8"), said.err

    return run
