"""`validate` as a command: what it prints, how it ends, and how it waits."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from kubequorum_cli.commands import validate as command
from kubequorum_cli.errors import UsageError
from kubequorum_cli.target import Target
from kubequorum_cli.validate import Snapshot
from tests.kubequorum_cli.test_kubernetes import NoSession
from tests.kubequorum_cli.validate.healthy import an_instance, change, healthy

_TARGET = Target(
    cluster="mine",
    session=NoSession(),  # type: ignore[arg-type]
    kubeconfig=Path("unused"),
    details={"cluster": "mine"},
)
_WARNING = change("backups", "", drill="2027-01-01T00:00:00+00:00")
_ERROR = an_instance("i-a", health="Unhealthy")

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run it where one snapshot after the other is read; its exit code. All of them must be read."""
    monkeypatch.setattr(command, "_PAUSE_SECONDS", 0.001)

    def run(*snapshots: Snapshot, wait: str = "0", as_json: bool = False) -> int:
        left: Iterator[Snapshot] = iter(snapshots)
        monkeypatch.setattr(command, "collect", lambda _: next(left))
        try:
            command.validate(_TARGET, wait=wait, as_json=as_json)
        except typer.Exit as end:
            return end.exit_code
        finally:
            assert list(left) == []
        return 0

    return run


def test_nothing_is_wrong(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and 0."""
    assert run(healthy()) == 0
    assert capsys.readouterr().out == "The cluster is well\n"


def test_a_warning_is_no_failure(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """It is printed all the same, with what to do."""
    assert run(_WARNING(healthy())) == 0
    printed = capsys.readouterr().out
    assert "warning drill-late  backup restore drill" in printed
    assert "docs/operations/backups.md" in printed
    assert "The cluster is well: 1 warning" in printed


def test_an_error_ends_with_1(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the warnings; progress is on stderr."""
    assert run(_WARNING(_ERROR(healthy()))) == 1
    said = capsys.readouterr()
    assert said.out.startswith("error   instance-unhealthy  instance i-a\n")
    assert "seen    InService, Unhealthy, running" in said.out
    assert "The cluster is not well: 1 error, 1 warning" in said.out
    assert "failed  validate cluster mine" in said.err


def test_for_programs(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """One document, with the documented names, and the same exit code."""
    assert run(_ERROR(healthy()), as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {
        "cluster": "mine",
        "errors": 1,
        "warnings": 0,
        "findings": [
            {
                "id": "instance-unhealthy",
                "severity": "error",
                "subject": {"kind": "instance", "id": "i-a"},
                "seen": "InService, Unhealthy, running",
                "remedy": "docs/operations/master-down.md; of a worker docs/operations/worker.md",
            }
        ],
    }


def test_it_waits_until_nothing_is_wrong(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """And shows what it finds then, not before."""
    assert run(_ERROR(healthy()), _ERROR(healthy()), _WARNING(healthy()), wait="10m") == 0
    said = capsys.readouterr()
    assert "instance-unhealthy" not in said.out
    assert "1 warning" in said.out


def test_it_does_not_wait_for_ever(run: Run) -> None:
    """When the time is over, what is still wrong is the answer."""
    assert run(_ERROR(healthy()), wait="0s") == 1


def test_a_wait_that_is_none_is_wrong_usage(run: Run) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match="--wait soon"):
        run(wait="soon")
