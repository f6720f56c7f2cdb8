"""Services as plain processes, on a host without root and without systemd of its own."""

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from kubequorum_node.log import info
from kubequorum_node.supervision.supervisor import Supervisor
from kubequorum_node.supervision.unit import Phase

_PROGRAM = Path(__file__).resolve().parents[2]


class Processes(Supervisor):
    """A host that only registers itself: it runs no container, mounts nothing and joins nothing."""

    runs_containers: ClassVar[bool] = False

    def require_usable(self) -> None:
        """Any host will do."""
        info("this host is a plain process: it runs no container, mounts nothing and joins nothing")

    def enable(self, phase: Phase) -> None:
        """Nothing: such a host is started by user-data alone."""

    def start(self, phase: Phase) -> None:
        """Start the services of a phase in this process's group and leave them running."""
        for unit in self._of(phase):
            if not unit.at_shutdown:
                self.start_process(unit.command)

    def stop_for_termination(self) -> None:
        """Nothing: no service of such a host interferes."""

    def start_process(self, command: str) -> None:
        """Run a command of the node program in the background."""
        subprocess.Popen([sys.executable, str(_PROGRAM), command], stdin=subprocess.DEVNULL)
