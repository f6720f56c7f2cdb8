"""Clients that write to a cluster and read from it continuously, and the judge of what they observed.

The program is `historian`, see `lab/artifacts/build/modules/historian`; this package starts it and explains
its verdict.
"""

from lab.workload.discovery import discover
from lab.workload.filling import fill
from lab.workload.load import Load, LoadError, loading
from lab.workload.targets import ApiTarget, EtcdTarget, Identity, Targets
from lab.workload.turned_back import TurnedBack, allow
from lab.workload.verdict import Service, Verdict, judge

__all__ = [
    "ApiTarget",
    "EtcdTarget",
    "Identity",
    "Load",
    "LoadError",
    "Service",
    "Targets",
    "TurnedBack",
    "Verdict",
    "allow",
    "discover",
    "fill",
    "judge",
    "loading",
]
