"""All measurements, in the order in which they run."""

from local.bench import cluster, deploy, master_loss, source, synth, zero_to_ready
from local.bench.figures import Measurement

MEASUREMENTS: tuple[Measurement, ...] = (
    source.MEASUREMENT,
    synth.MEASUREMENT,
    deploy.MEASUREMENT,
    cluster.MEASUREMENT,
    zero_to_ready.MEASUREMENT,
    master_loss.MEASUREMENT,
)
