"""All measurements, in the order in which they run."""

from benchmarks import as_on_aws, cluster, deploy, master_loss, restores, synth, zero_to_ready
from benchmarks.figures import Measurement

MEASUREMENTS: tuple[Measurement, ...] = (
    synth.MEASUREMENT,
    deploy.MEASUREMENT,
    cluster.MEASUREMENT,
    zero_to_ready.MEASUREMENT,
    master_loss.MEASUREMENT,
    restores.MEASUREMENT,
    as_on_aws.MEASUREMENT,
)
