"""Clients that write to a cluster and read from it all the while, and the judge of what they saw.

The program is `historian`, see `lab/artifacts/modules/historian`. Here is how it is started, on what, and
what its verdict means.
"""

from lab.workload.discovery import discover
from lab.workload.filling import fill
from lab.workload.load import Load, LoadError, loading
from lab.workload.targets import ApiTarget, EtcdTarget, Identity, Targets
from lab.workload.verdict import Service, Verdict, judge

__all__ = [
    "ApiTarget",
    "EtcdTarget",
    "Identity",
    "Load",
    "LoadError",
    "Service",
    "Targets",
    "Verdict",
    "discover",
    "fill",
    "judge",
    "loading",
]
