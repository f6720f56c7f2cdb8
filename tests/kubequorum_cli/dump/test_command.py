"""`dump`: the command."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kubequorum_cli.commands import add_commands
from kubequorum_cli.commands import dump as command
from kubequorum_cli.errors import CommandError
from kubequorum_cli.target import Target
from tests.kubequorum_cli.dump.collecting import files_of, no_way


def _invoke(target: Target, *arguments: str) -> Any:
    app = typer.Typer()
    add_commands(app, lambda: target)
    return CliRunner().invoke(app, ["dump", *arguments])


@pytest.fixture
def own_account(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The cluster, with a way onto machines that is not there."""
    monkeypatch.setattr(command, "_command", lambda _target, *asked: no_way(*asked))
    return target


def test_the_path_is_printed(
    own_account: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask_none: None
) -> None:
    """Alone on stdout; nobody else can read the file, and nothing else is left in the folder."""
    del umask_none
    monkeypatch.chdir(tmp_path)
    done = _invoke(own_account)
    assert done.exit_code == 0, done.output
    (path,) = list(tmp_path.iterdir())
    assert done.stdout == f"{path}\n"
    assert path.name.startswith("kubequorum-dump-mine-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Not in it: machines/" in done.stderr
    assert "and 2 more: nobody can log in" in done.stderr


@pytest.fixture
def umask_none() -> Iterator[None]:
    """A process that would let everybody read its files."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_the_manifest_for_programs(own_account: Target, tmp_path: Path) -> None:
    """One document, the same as in the archive; an older file is replaced."""
    path = tmp_path / "mine.tar.gz"
    path.write_text("old")
    path.chmod(0o644)
    done = _invoke(own_account, "--output", str(path), "--json")
    assert done.exit_code == 0, done.output
    printed: Mapping[str, Any] = json.loads(done.stdout)
    assert printed == json.loads(files_of(path)["manifest.json"])
    assert printed["archive"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written(own_account: Target, tmp_path: Path) -> None:
    """Is explained before anybody is asked, and nothing is left behind."""
    done = _invoke(own_account, "--output", str(tmp_path / "none" / "dump.tar.gz"))
    assert isinstance(done.exception, CommandError)
    assert "cannot be written" in str(done.exception)
    assert "--output FILE" in done.exception.remedy
    assert list(tmp_path.iterdir()) == []
