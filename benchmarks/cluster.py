"""`up` on real machines with warm caches, and everything that is measured on that cluster."""

import time
from collections.abc import Mapping

from benchmarks import backups, worker
from benchmarks.environment import deployed_cluster
from benchmarks.figures import Context, Figure, Measurement, Probe
from lab import cluster_file, machine_choice
from lab.settings import REAL

PROBES: tuple[Probe, ...] = (backups.PROBE, worker.PROBE)
"""In this order: those that do not change the cluster must come first."""


def measure(context: Context) -> Mapping[str, float]:
    """Do what `make up` does, up to the last Ready node; then run the probes."""
    began = time.monotonic()
    wanted = cluster_file.read(context.settings.default_cluster)
    machine_choice.choose(REAL, context.progress, addon_images=wanted.addon_images)
    cluster = deployed_cluster(context.with_machines(), context.tools, context.progress, context.scratch)
    values = {"up_seconds": time.monotonic() - began}
    for probe in PROBES:
        values |= probe.run(cluster, context.progress)
    return values


MEASUREMENT = Measurement(
    figures=(
        Figure(name="up_seconds", unit="s", aim=None),
        *(figure for probe in PROBES for figure in probe.figures),
    ),
    run=measure,
    needs_machines=True,
)
