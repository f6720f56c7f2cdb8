"""Limits that all machines of a computer share."""

from pathlib import Path

import pytest

from emulator.machines.nspawn.host_limits import raise_limits


@pytest.fixture
def inotify(tmp_path: Path) -> Path:
    """A folder as /proc/sys/fs/inotify, with Debian's values."""
    folder = tmp_path / "fs" / "inotify"
    folder.mkdir(parents=True)
    (folder / "max_user_instances").write_text("128\n")
    (folder / "max_user_watches").write_text("1000000\n")
    return folder


def test_a_low_limit_is_raised_and_a_high_one_left(inotify: Path, tmp_path: Path) -> None:
    """128 inotify instances, the default of many kernels, are too few for several booted machines."""
    raise_limits(tmp_path)
    assert int((inotify / "max_user_instances").read_text()) >= 1024
    assert (inotify / "max_user_watches").read_text() == "1000000\n"


def test_a_host_that_refuses_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is a warning and no error: a few machines may run all the same."""
    raise_limits(tmp_path)
    assert "fs.inotify.max_user_instances is too low" in caplog.text
