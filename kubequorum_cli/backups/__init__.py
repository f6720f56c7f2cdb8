"""Backups of etcd as an operator sees them: what is in the state bucket, and what can be restored to.

Their format is described in docs/backups.md.
"""

from kubequorum_cli.backups.bucket import BackupBucket
from kubequorum_cli.backups.log_object import DamagedLogError, LogContent, Moment
from kubequorum_cli.backups.model import Chain, Drill, Full, Generation, Hole, Log, Point

__all__ = [
    "BackupBucket",
    "Chain",
    "DamagedLogError",
    "Drill",
    "Full",
    "Generation",
    "Hole",
    "Log",
    "LogContent",
    "Moment",
    "Point",
]
