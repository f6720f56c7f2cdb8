"""Loss of a master: how long a replacement takes, what clients observe, and the same with stock kubeadm.

All on one cluster, one after the other, under the load of clients that write and read continuously.
"""

import statistics
import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from benchmarks import floor
from benchmarks.baseline import join
from benchmarks.clients import longest_gap
from benchmarks.environment import deployed_cluster, require_health
from benchmarks.figures import Context, Figure, Measurement
from benchmarks.replacement import Replacement, figures, lose_power
from kubequorum_cli.console import Progress
from lab.cluster import Cluster
from lab.workload import fill, loading

_ROUNDS = 3
_LARGE_ROUNDS = 3
_LARGE_BYTES = 1 << 30
_LARGE = "_1gib"
_CALM_SECONDS = 3.0
"""Before and after a loss, so that its effect on clients has a beginning and an end."""


def measure(context: Context) -> Mapping[str, float]:
    """Deploy a cluster, and measure how it takes losses."""
    cluster = deployed_cluster(context.with_machines(), context.tools, context.progress, context.scratch)
    return measure_on(cluster, context.progress)


def measure_on(
    cluster: Cluster, progress: Progress, *, rounds: int = _ROUNDS, large_rounds: int = _LARGE_ROUNDS
) -> dict[str, float]:
    """Measure on a cluster that is of no other use afterwards.

    Raises:
        CommandError: a master is not replaced, or data are lost.
    """
    small, gap, floor_small = _lose_leaders(cluster, progress, rounds, "")
    with progress.stage("Fill etcd with 1 GiB") as stage:
        fill(cluster.targets(), cluster.folder / "fill", size_bytes=_LARGE_BYTES)
        stage.line(f"{cluster.database_bytes() >> 20} MiB of its database are in use")
    large, gap_large, floor_large = _lose_leaders(cluster, progress, large_rounds, _LARGE)
    with progress.stage("Replace a master with stock kubeadm join") as stage:
        stock = join.measure(cluster)
        stage.line(f"joined {stock.joined:.1f} s after the start of kubeadm")
        stage.line(f"etcd alone, on the old volume: {stock.etcd_alone:.1f} s")
    values = {**figures(small), **figures(large, suffix=_LARGE)}
    own, own_large = (values[f"replacement_own_seconds{suffix}"] for suffix in ("", _LARGE))
    return {
        **values,
        "replacement_own_ratio_1gib": own_large / own,
        "replacement_floor_seconds": floor_small,
        "replacement_floor_seconds_1gib": floor_large,
        "replacement_over_floor_ratio": own / floor_small,
        "replacement_over_floor_ratio_1gib": own_large / floor_large,
        "stock_join_seconds_1gib": stock.joined,
        "replacement_vs_stock_ratio_1gib": own_large / stock.joined,
        "etcd_alone_seconds_1gib": stock.etcd_alone,
        "client_gap_seconds": gap,
        "client_gap_seconds_1gib": gap_large,
    }


def _lose_leaders(
    cluster: Cluster, progress: Progress, rounds: int, suffix: str
) -> tuple[list[Replacement], float, float]:
    """Take the power from etcd's leader in each round.

    Also the longest gap of a client of the API, and the median of what etcd and the API server take alone.
    """
    replacements, gaps, floors = [], [], []
    for number in range(1, rounds + 1):
        require_health(cluster)
        slot = cluster.leader()
        title = f"Take the power from etcd's leader, {number} of {rounds}"
        with progress.stage(f"{title}{', 1 GiB' if suffix else ''}") as stage:
            replacement, gap = _lose_under_load(cluster, slot, cluster.folder / f"loss{suffix}-{number}")
            stage.line(f"slot {slot}: {replacement}")
            stage.line(f"a client of the API could not write for {gap:.2f} s")
            require_health(cluster)
            floors.append(_floor_under_load(cluster, slot, cluster.folder / f"floor{suffix}-{number}"))
            stage.line(f"etcd and the API server by hand on the same volume: {floors[-1]:.1f} s")
        replacements.append(replacement)
        gaps.append(gap)
    require_health(cluster)
    return replacements, max(gaps), statistics.median(floors)


def _lose_under_load(cluster: Cluster, slot: str, folder: Path) -> tuple[Replacement, float]:
    with loading(cluster.targets(), folder) as load:
        time.sleep(_CALM_SECONDS)
        replacement = lose_power(cluster, slot)
        time.sleep(_CALM_SECONDS)
    return replacement, longest_gap(load)


def _floor_under_load(cluster: Cluster, slot: str, folder: Path) -> float:
    with loading(cluster.targets(), folder):
        time.sleep(_CALM_SECONDS)
        return floor.measure(cluster, slot)


def _figures_of_parts(suffix: str) -> tuple[Figure, ...]:
    names = [field.name for field in fields(Replacement)]
    return tuple(Figure(name=f"replacement_{name}_seconds{suffix}", unit="s", aim=None) for name in names)


MEASUREMENT = Measurement(
    figures=(
        *_figures_of_parts(""),
        Figure(name="replacement_own_seconds", unit="s", aim=20),
        *_figures_of_parts(_LARGE),
        Figure(name="replacement_own_seconds_1gib", unit="s", aim=None),
        Figure(name="replacement_own_ratio_1gib", unit="ratio", aim=1.2),
        Figure(name="replacement_floor_seconds", unit="s", aim=None),
        Figure(name="replacement_floor_seconds_1gib", unit="s", aim=None),
        Figure(name="replacement_over_floor_ratio", unit="ratio", aim=1.5),
        Figure(name="replacement_over_floor_ratio_1gib", unit="ratio", aim=1.25),
        Figure(name="stock_join_seconds_1gib", unit="s", aim=None),
        Figure(name="replacement_vs_stock_ratio_1gib", unit="ratio", aim=0.25),
        Figure(name="etcd_alone_seconds_1gib", unit="s", aim=None),
        Figure(name="client_gap_seconds", unit="s", aim=5),
        Figure(name="client_gap_seconds_1gib", unit="s", aim=None),
    ),
    run=measure,
    needs_machines=True,
)
