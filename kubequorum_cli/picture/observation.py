"""What was asked of AWS and Kubernetes, before anything is made of it."""

from dataclasses import dataclass, field

from kubequorum_cli.backups.state import BackupState
from kubequorum_cli.kubernetes import AddonList, ControlPlane, NodeList
from kubequorum_cli.report import Report


@dataclass(frozen=True, kw_only=True)
class Kubernetes:
    """What its API answered, or the reason why nothing is known."""

    nodes: NodeList = field(default_factory=NodeList)
    addons: AddonList = field(default_factory=AddonList)
    control_plane: ControlPlane = field(default_factory=ControlPlane)
    absent: str = ""
    """Why there is no Kubernetes at all; empty where there should be one."""
    backups: BackupState | None = None

    @property
    def problem(self) -> str:
        """Why its state is not known; empty if it is."""
        return self.absent or self.nodes.problem or self.control_plane.problem


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One look at a cluster."""

    cluster: str
    region: str
    report: Report
    kubernetes: Kubernetes
