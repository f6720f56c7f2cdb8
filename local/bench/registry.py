"""All measurements, in the order in which they run."""

from local.bench import deploy, source, synth
from local.bench.figures import Measurement

MEASUREMENTS: tuple[Measurement, ...] = (source.MEASUREMENT, synth.MEASUREMENT, deploy.MEASUREMENT)
