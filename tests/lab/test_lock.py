"""One command at a time, and no lock outlives its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from kubequorum_cli.errors import CommandError
from lab import lock
from lab.settings import CHECKOUT

HOLDER = (
    "import sys, time; from pathlib import Path; from lab import lock\n"
    "with lock.exclusive(Path(sys.argv[1]), command='up'):\n"
    "    print('held', flush=True); time.sleep(600)\n"
)


def test_a_second_command_is_refused_with_the_holder(tmp_path: Path) -> None:
    """The error names the command and the process that holds the lock; once that is killed it is free."""
    path = tmp_path / "work.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(CommandError) as raised, lock.exclusive(path, command="down"):
            pass
        assert f"`up`, process {holder.pid}" in raised.value.why
    finally:
        holder.kill()
        holder.communicate()
    with lock.exclusive(path, command="down"):
        assert path.exists()
    assert not path.exists()


def test_the_lock_ends_with_the_block_also_after_an_error(tmp_path: Path) -> None:
    """An exception is propagated, and the next command gets the lock."""
    path = tmp_path / "work.lock"
    with pytest.raises(ZeroDivisionError), lock.exclusive(path, command="up"):
        raise ZeroDivisionError
    with lock.exclusive(path, command="up"):
        pass
