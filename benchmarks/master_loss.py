"""Masters that die: how long their replacement takes, what clients see of it, and the stock way beside it.

All on one cluster, one after the other, under the load of clients that write and read all the while.
"""

import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from benchmarks import all_lost
from benchmarks.baseline import join
from benchmarks.clients import longest_gap
from benchmarks.figures import Context, Figure, Measurement
from benchmarks.masters import Masters
from benchmarks.replacement import Replacement, figures, lose_power
from benchmarks.standing import become_administrator
from lab import cluster_file
from lab.commands import up
from lab.workload import fill, loading

_ROUNDS = 3
_LARGE_ROUNDS = 3
_LARGE_BYTES = 1 << 30
_LARGE = "_1gib"
_CALM_SECONDS = 3.0
"""Before and after a loss: what the clients see of it has a begin and an end."""


def measure(context: Context) -> Mapping[str, float]:
    """Deploy a cluster of the bench's own; break it, and measure."""
    settings = context.with_machines()
    cluster = cluster_file.read(settings.default_cluster)
    up.deploy(settings, cluster, context.tools, context.progress)
    standing = become_administrator(settings, context.progress)
    up.wait_until_ready(settings, standing.running, context.progress)
    return measure_on(Masters(standing, context.scratch))


def measure_on(
    masters: Masters, *, rounds: int = _ROUNDS, large_rounds: int = _LARGE_ROUNDS
) -> dict[str, float]:
    """Everything, on a cluster that is not good for anything else afterwards.

    Raises:
        CommandError: a master is not replaced, or data are lost.
    """
    progress = masters.standing.progress
    small, gap = _lose_leaders(masters, rounds, "")
    with progress.stage("Let all masters lose their power at once") as stage:
        all_lost_seconds = all_lost.measure(masters, masters.folder / "all-lost")
        stage.line(f"a write succeeded {all_lost_seconds:.1f} s after the first launch")
    masters.wait_until_well()
    with progress.stage("Fill etcd with 1 GiB") as stage:
        fill(masters.targets(), masters.folder / "fill", size_bytes=_LARGE_BYTES)
        stage.line(f"{masters.database_bytes() >> 20} MiB of its database are in use")
    large, gap_large = _lose_leaders(masters, large_rounds, _LARGE)
    with progress.stage("Replace a master by hand, with kubeadm join") as stage:
        stock = join.measure(masters)
        stage.line(f"joined {stock.joined:.1f} s after the start of kubeadm")
        stage.line(f"etcd alone, on the old volume: {stock.etcd_alone:.1f} s")
    values = {**figures(small), **figures(large, suffix=_LARGE)}
    own, own_large = (values[f"replacement_own_seconds{suffix}"] for suffix in ("", _LARGE))
    return {
        **values,
        "replacement_own_ratio_1gib": own_large / own,
        "stock_join_seconds_1gib": stock.joined,
        "replacement_vs_stock_ratio_1gib": own_large / stock.joined,
        "etcd_alone_seconds_1gib": stock.etcd_alone,
        "client_gap_seconds": gap,
        "client_gap_seconds_1gib": gap_large,
        "all_lost_seconds": all_lost_seconds,
    }


def _lose_leaders(masters: Masters, rounds: int, suffix: str) -> tuple[list[Replacement], float]:
    """Let etcd's leader lose its power, again and again; and the longest gap that a client of the API saw."""
    replacements, gaps = [], []
    for number in range(1, rounds + 1):
        masters.wait_until_well()
        slot = masters.leader()
        title = f"Let etcd's leader lose its power, {number} of {rounds}"
        with masters.standing.progress.stage(f"{title}{', 1 GiB' if suffix else ''}") as stage:
            replacement, gap = _lose_under_load(masters, slot, masters.folder / f"loss{suffix}-{number}")
            stage.line(f"slot {slot}: {replacement}")
            stage.line(f"a client of the API could not write for {gap:.2f} s")
        replacements.append(replacement)
        gaps.append(gap)
    masters.wait_until_well()
    return replacements, max(gaps)


def _lose_under_load(masters: Masters, slot: str, folder: Path) -> tuple[Replacement, float]:
    with loading(masters.targets(), folder) as load:
        time.sleep(_CALM_SECONDS)
        replacement = lose_power(masters, slot)
        time.sleep(_CALM_SECONDS)
    return replacement, longest_gap(load)


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
        Figure(name="stock_join_seconds_1gib", unit="s", aim=None),
        Figure(name="replacement_vs_stock_ratio_1gib", unit="ratio", aim=0.25),
        Figure(name="etcd_alone_seconds_1gib", unit="s", aim=None),
        Figure(name="client_gap_seconds", unit="s", aim=5),
        Figure(name="client_gap_seconds_1gib", unit="s", aim=None),
        Figure(name="all_lost_seconds", unit="s", aim=45),
    ),
    run=measure,
    needs_machines=True,
)
