"""`up` on real machines with warm caches, and everything that is measured on the cluster that then stands."""

import time
from collections.abc import Mapping

from benchmarks import boot_calls, worker
from benchmarks.figures import Context, Figure, Measurement, Probe
from benchmarks.standing import become_administrator
from lab import cluster_file, machine_choice
from lab.commands import up
from lab.settings import REAL

PROBES: tuple[Probe, ...] = (boot_calls.PROBE, worker.PROBE)
"""In this order. Those that leave the cluster as it was come first."""


def measure(context: Context) -> Mapping[str, float]:
    """Do what `make up` does, up to the last Ready node; then let the probes measure."""
    settings = context.with_machines()
    cluster = cluster_file.read(settings.default_cluster)
    began = time.monotonic()
    machine_choice.choose(REAL, context.progress)
    up.deploy(settings, cluster, context.tools, context.progress)
    standing = become_administrator(settings, context.progress)
    up.wait_until_ready(settings, standing.running, context.progress)
    values = {"up_seconds": time.monotonic() - began}
    for probe in PROBES:
        values |= probe.run(standing)
    return values


MEASUREMENT = Measurement(
    figures=(
        Figure(name="up_seconds", unit="s", aim=None),
        *(figure for probe in PROBES for figure in probe.figures),
    ),
    run=measure,
    needs_machines=True,
)
