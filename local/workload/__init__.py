"""Clients that write to a cluster and read from it all the while, and the judge of what they saw.

The program is `historian`, see `local/artifacts/modules/historian`. Here is how it is started, on what, and
what its verdict means.
"""

from local.workload.discovery import discover
from local.workload.filling import fill
from local.workload.load import Load, LoadError, loading
from local.workload.targets import ApiTarget, EtcdTarget, Identity, Targets
from local.workload.verdict import Service, Verdict, judge

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
