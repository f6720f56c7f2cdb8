"""Who runs the node program's services: one strategy for the whole program, chosen when it starts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from kubequorum_node.supervision.unit import Phase, Unit


class Supervisor(ABC):
    """Starts and stops the services of one host."""

    runs_containers: ClassVar[bool]
    """Whether this host is a whole one: it runs containers, mounts volumes and joins the cluster."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = tuple(units)

    @abstractmethod
    def require_usable(self) -> None:
        """Refuse a host on which no service could be started.

        Raises:
            NodeError: says what is missing.

        """

    @abstractmethod
    def enable(self, phase: Phase) -> None:
        """Start the services of a phase whenever the host starts."""

    @abstractmethod
    def start(self, phase: Phase) -> None:
        """Start the services of a phase, now and whenever the host starts."""

    @abstractmethod
    def stop_for_termination(self) -> None:
        """Stop the services that would interfere with a graceful termination."""

    def units_at_shutdown(self) -> list[str]:
        """Units that stop what runs on this host when it shuts down: they must stop before it does."""
        return [f"{unit.name}.service" for unit in self._units if unit.at_shutdown]

    def _of(self, phase: Phase) -> list[Unit]:
        return [unit for unit in self._units if unit.phase is phase]
