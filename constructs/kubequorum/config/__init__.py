"""The cluster file: its model, its checks and its loader."""

from kubequorum.config.checks import warnings_of
from kubequorum.config.instances import Taint, WorkerGroup
from kubequorum.config.load import ClusterFileError, load_cluster
from kubequorum.config.model import Cluster
from kubequorum.config.section import Architecture

__all__ = [
    "Architecture",
    "Cluster",
    "ClusterFileError",
    "Taint",
    "WorkerGroup",
    "load_cluster",
    "warnings_of",
]
