"""Backups of etcd and their restore drills."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kubequorum_cli.backups.state import LATE_SECONDS
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_FULL_LATE = timedelta(minutes=15)
"""Three times as long as masters leave between two."""
_DRILL_LATE = timedelta(days=2)
_NEW = timedelta(minutes=10)
"""As long as a control plane has not been there, its first backup may be missing."""


def made(snapshot: Snapshot) -> Iterator[Finding]:
    """There are backups, and they are recent."""
    state, bucket = snapshot.backups.known, "state bucket"
    late = state.newest_age_seconds is None or state.newest_age_seconds > LATE_SECONDS
    if late and _age(snapshot) < _NEW:
        yield kinds.BACKUP_IN_PROGRESS.of(
            "backup", bucket, state.problem or f"the newest is of {state.newest}"
        )
    elif state.problem:
        yield kinds.BACKUP_MISSING.of("backup", bucket, state.problem)
    elif late:
        yield kinds.BACKUP_LATE.of("backup", bucket, f"the newest is of {state.newest}")
    elif snapshot.now - datetime.fromisoformat(state.full_written) > _FULL_LATE:
        seen = f"the newest is {state.full_id} of {state.full_written}"
        yield kinds.FULL_SNAPSHOT_LATE.of("backup", bucket, seen)


def drilled(snapshot: Snapshot) -> Iterator[Finding]:
    """The last restore drill passed, and was not long ago."""
    state = snapshot.backups.known
    if state.drill_passed is False:
        yield kinds.DRILL_FAILED.of("backup", "restore drill", f"that of {state.drill} failed")
    elif state.drill:
        if snapshot.now - datetime.fromisoformat(state.drill) > _DRILL_LATE:
            yield kinds.DRILL_LATE.of("backup", "restore drill", f"the last one was at {state.drill}")
    elif _age(snapshot) > _DRILL_LATE:
        yield kinds.DRILL_LATE.of("backup", "restore drill", "there was none")


def _age(snapshot: Snapshot) -> timedelta:
    """Of the control plane; UnknownPartError if stacks are not known."""
    created = [s.created for s in snapshot.stacks.known if s.name == f"{snapshot.cluster}-ControlPlane"]
    return snapshot.now - datetime.fromisoformat(created[0]) if created else timedelta.max
