"""Which Go builds: the machine's if it is new enough, else the pinned one."""

from pathlib import Path

import pytest

from lab.artifacts.build.go import required_go
from lab.artifacts.build.toolchain import Go, choose_go


def _fake_go(folder: Path, version: str) -> str:
    script = folder / "go"
    script.write_text(f"#!/bin/sh\n[ \"$*\" = 'env GOVERSION' ] && echo '{version}'\n", encoding="utf-8")
    script.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("version", ["go1.26.3", "go1.26.10", "go1.27rc1", "go1.26.8 X:nocoverageredesign"])
def test_new_enough_go_of_the_machine_is_used(tmp_path: Path, version: str) -> None:
    """Versions compare as numbers, and what Go appends to them does not matter."""
    go = choose_go("1.26.3", path=_fake_go(tmp_path, version))
    assert go == Go(version=version, binary=tmp_path / "go", reason=f"{tmp_path}/go of this computer")


@pytest.mark.parametrize("version", ["go1.26.2", "go1.9.9", "devel go1.30-abcdef", ""])
def test_old_or_unknown_go_is_replaced_by_the_pinned_one(tmp_path: Path, version: str) -> None:
    """A Go that is too old, or does not report its version, is not used; the reason is kept."""
    go = choose_go("1.26.3", path=_fake_go(tmp_path, version))
    assert go.binary is None
    assert str(tmp_path) in go.reason


def test_machine_without_go_takes_the_pinned_one(tmp_path: Path) -> None:
    """No Go at all: the pinned one, which is new enough for every module."""
    go = choose_go(required_go(), path=str(tmp_path))
    assert go.binary is None
    assert [int(number) for number in go.version.removeprefix("go").split(".")] >= [
        int(number) for number in required_go().split(".")
    ]
