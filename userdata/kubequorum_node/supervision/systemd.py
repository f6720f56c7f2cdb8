"""Services as systemd units."""

import os
from collections.abc import Sequence
from typing import ClassVar

from kubequorum_node import settings
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Host
from kubequorum_node.supervision import systemctl, unit_files
from kubequorum_node.supervision.supervisor import Supervisor
from kubequorum_node.supervision.unit import Phase, Unit

_STOP_SECONDS = 30


class Systemd(Supervisor):
    """A host with systemd: an EC2 instance, or what looks like one."""

    runs_containers: ClassVar[bool] = True

    def __init__(self, host: Host, units: Sequence[Unit]) -> None:
        super().__init__(units)
        self._host = host

    def require_usable(self) -> None:
        """Refuse a host without systemd, and a user who is not root.

        Raises:
            NodeError: it is one of these.

        """
        if not self._host.path("/run/systemd/system").is_dir():
            raise NodeError(
                "systemd does not run here: use an image with systemd, or set "
                f"{settings.SUPERVISOR}=process in /etc/default/kubequorum for a plain process"
            )
        if os.geteuid() != 0:
            raise NodeError("only root can boot a host: run this with sudo")

    def enable(self, phase: Phase) -> None:
        """Enable the units of a phase."""
        systemctl.enable(self._host, *self._install(phase))

    def start(self, phase: Phase) -> None:
        """Enable and start the units of a phase: of a service with a timer, the timer."""
        systemctl.enable_now(self._host, *self._install(phase))

    def stop_for_termination(self) -> None:
        """Stop units and timers, all at once."""
        names = [name for unit in self._units if unit.stopped_by_termination for name in unit_files.of(unit)]
        systemctl.stop(self._host, *names, timeout=_STOP_SECONDS)

    def _install(self, phase: Phase) -> list[str]:
        """Put all unit files in place. What runs on an instance never gets another program."""
        systemctl.install(
            self._host, {name: text for unit in self._units for name, text in unit_files.of(unit).items()}
        )
        return [next(iter(unit_files.of(unit))) for unit in self._of(phase)]
