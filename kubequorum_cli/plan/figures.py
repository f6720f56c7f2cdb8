"""How long parts of a deployment take, each with its source. Nothing else here knows a duration.

Nothing of it has been measured on AWS yet: those of AWS are AWS's and its users'. The embedded AWS has been
measured: docs/figures.md says how. What nobody has measured has no figure.
"""

from dataclasses import dataclass

from kubequorum_cli.target import Target


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Seconds, from and to, and who says so."""

    least: float
    most: float
    source: str

    def times(self, count: int) -> "Figure":
        """So many of them, one after the other."""
        return Figure(least=self.least * count, most=self.most * count, source=self.source)

    def __str__(self) -> str:
        unit, size, form = ("min", 60, ".0f") if self.most >= 120 else ("s", 1, "g")
        least, most = format(self.least / size, form), format(self.most / size, form)
        return f"{most} {unit}" if least == most else f"{least} to {most} {unit}"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Those of one place."""

    master: Figure
    """From the end of an old master until its successor serves clients."""
    client_gap: Figure
    """The longest time in which one client of the API cannot write while masters are replaced one by one."""


DRAIN_LIMIT_MINUTES = 30
"""How long a worker waits for its pods: LIMIT_SECONDS of userdata/kubequorum_node/termination/drain.py."""
WORKERS_UNKNOWN = (
    f"not measured: a worker's boot, and the drain of the old one, for {DRAIN_LIMIT_MINUTES} min at most"
)
_GAP = Figure(
    least=0.4,
    most=4.8,
    source="a whole update of the embedded AWS under load; 4.8 s beside five builds on its two cores: "
    "docs/decisions/load-balancer-times.md",
)
AWS = Figures(
    master=Figure(
        least=240, most=360, source="AWS's and its users' times: docs/decisions/load-balancer-times.md"
    ),
    client_gap=_GAP,
)
EMBEDDED = Figures(
    master=Figure(
        least=21, most=21, source="`replacement_in_service_seconds` of the embedded AWS: docs/figures.md"
    ),
    client_gap=_GAP,
)


def figures_of(target: Target) -> Figures:
    """Those of the place where a cluster is."""
    return AWS if target.endpoint_url is None else EMBEDDED
