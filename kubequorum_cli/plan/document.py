"""A plan: what a deployment would do, and whether it is refused. `plan --json` prints it with these names."""

from dataclasses import dataclass, field

from kubequorum_cli.validate import Finding, Severity


@dataclass(frozen=True, kw_only=True)
class ResourceStep:
    """A resource that is added, changed in place, replaced or removed."""

    logical_id: str
    type: str
    action: str
    """`add`, `modify`, `replace` or `remove`."""
    kept: bool
    """Whether what AWS has of it stays when it is replaced or removed."""
    properties: list[str]
    """Those that will differ; empty where only a reference to another changed resource is listed."""


@dataclass(frozen=True, kw_only=True)
class StackStep:
    """A stack in which something changes."""

    name: str
    action: str
    """`create` or `update`."""
    resources: list[ResourceStep]


@dataclass(frozen=True, kw_only=True)
class MachineStep:
    """Machines of a group that are replaced, launched or ended."""

    order: int
    """Steps of the same number do not wait for each other."""
    stack: str
    group: str
    """In Auto Scaling; empty if it is new."""
    slot: str
    worker_group: str
    action: str
    """`roll`: one after the other; `launch`, `end`, or `recreate`: another group in its place."""
    instances: list[str]
    """Those that end."""
    launches: int
    gated: bool
    """Whether each new instance must have signalled success before the next one goes."""
    why: list[str]
    seconds: tuple[float, float] | None
    """From and to; None if nobody has measured it."""
    seconds_from: str
    """Where they come from."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """Seconds, from and to, and where they come from."""

    least: float
    most: float
    source: str


@dataclass(frozen=True, kw_only=True)
class VersionStep:
    """Versions of the masters, several with commas; texts are empty where they are not known."""

    kubernetes_before: str = ""
    kubernetes_after: str = ""
    emulated_before: str = ""
    """The minor version as which the control plane behaves; empty for its own."""
    emulated_after: str = ""
    etcd_before: str = ""
    etcd_after: str = ""
    kubelets: dict[str, int] = field(default_factory=dict)
    """Version of nodes that are there now, to how many have it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of it."""

    cluster: str
    stacks: list[StackStep]
    machines: list[MachineStep]
    changed_keys: list[str] | None
    """Of the cluster file, since the last complete deployment; None if that has recorded none."""
    volumes: list[str]
    """What happens to data, a line each."""
    versions: VersionStep
    masters_seconds: Duration | None
    """All masters, one after the other; None if none is replaced."""
    client_gap_seconds: Duration | None
    findings: list[Finding]
    allowed: list[str]
    """Refusals that were allowed by name, and that have been found."""

    @property
    def refusals(self) -> list[Finding]:
        """Findings because of which this must not be deployed."""
        return [f for f in self.findings if f.severity is Severity.ERROR and f.id not in self.allowed]
