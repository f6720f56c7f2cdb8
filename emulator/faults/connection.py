"""What all parts of the client have: the way to the emulator's process."""

from pathlib import Path
from typing import Any

from emulator.faults import channel

PATIENCE_SECONDS = 120.0
"""For an answer; some breaks wait for a machine or the kernel."""


class Connection:
    """A connection for each call, so that methods may be called from several threads."""

    def __init__(self, state_dir: Path) -> None:
        """`state_dir` is the emulator's --state-dir; with the command line, `Settings.machines_state`."""
        self._state_dir = state_dir

    def _ask(self, name: str, *, patience_seconds: float = PATIENCE_SECONDS, **parameters: Any) -> Any:
        return channel.ask(self._state_dir, name, parameters, timeout_seconds=patience_seconds)
