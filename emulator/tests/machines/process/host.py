"""The one machine of these tests as its host sees it: output, files and processes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.interfaces.machines import Machines
from emulator.machines.process.layout import StateFolder
from emulator.processes import start_time
from emulator.tests.machines.stand_ins import INSTANCE

ID = INSTANCE.instance_id
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to see environments")


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds; generous, because the machine may be busy."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.02)


def printed(machines: Machines, text: str, instance_id: str = ID) -> None:
    """Wait until the machine has printed the text."""
    eventually(lambda: text.encode() in machines.console_output(instance_id), f"{text!r} on the console")


def number_in(path: Path) -> int:
    """The process id that a script wrote to a file, once it is there."""
    eventually(lambda: path.exists() and path.read_text().endswith("\n"), f"{path} is written")
    return int(path.read_text())


def gone(pid: int) -> None:
    """Wait until no such process runs."""
    eventually(lambda: start_time(pid) is None, f"process {pid} has ended")


def home(state: Path) -> Path:
    """HOME of the one machine of these tests."""
    return StateFolder(state).machine(ID).home
