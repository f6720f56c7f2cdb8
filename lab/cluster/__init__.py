"""The client of a running cluster, for tests and benchmarks: AWS resources, machines, health."""

from lab.cluster.client import Cluster, MachineError
from lab.cluster.health import problems, readyz, wait_until, wait_until_healthy

__all__ = ["Cluster", "MachineError", "problems", "readyz", "wait_until", "wait_until_healthy"]
