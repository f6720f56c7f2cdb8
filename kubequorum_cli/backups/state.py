"""Whether backups are made, for `status`: by listings and the last drill, without reading logs."""

from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kubequorum_cli.backups.bucket import BackupBucket
from kubequorum_cli.backups.report import ago, size
from kubequorum_cli.errors import CommandError, reason_of
from kubequorum_cli.target import Target

LATE_SECONDS = 300.0
"""Without a backup for so long somebody must know; masters and alarms say so, too."""


@dataclass(frozen=True, kw_only=True)
class BackupState:
    """The state; `status --json` prints it with these field names. Times are ISO 8601, or empty."""

    newest: str = ""
    """When the newest object was written."""
    newest_age_seconds: float | None = None
    full_id: str = ""
    full_written: str = ""
    full_size_bytes: int = 0
    drill: str = ""
    """When the last drill began."""
    drill_passed: bool | None = None
    problem: str = ""
    """Why there is no backup, or why they cannot be seen."""


def read(target: Target) -> BackupState:
    """Ask once. Errors of botocore are not handled.

    Raises:
        CommandError: the cluster has no State stack, or the last drill cannot be read.
    """
    return _look(BackupBucket(target))


def look(target: Target) -> BackupState:
    """Ask once; what fails is the problem of the answer."""
    try:
        return read(target)
    except CommandError as error:
        return BackupState(problem=reason_of(error))
    except (BotoCoreError, ClientError) as error:
        return BackupState(problem=str(error))


def show_state(state: BackupState, console: Console) -> None:
    """Print it as a table, or the problem."""
    if state.problem:
        console.print(f"Backups: {state.problem}\n", markup=False, highlight=False)
        return
    columns = ("newest", "full snapshot", "written", "size", "last drill")
    table = Table(
        *columns, title="Backups", title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    table.padding = (0, 3, 0, 0)
    age = state.newest_age_seconds or 0.0
    newest = Text(ago(age), style="green" if age <= LATE_SECONDS else "red")
    outcome = {True: ("passed", "green"), False: ("FAILED", "red"), None: ("none yet", "yellow")}
    drill = Text(*outcome[state.drill_passed])
    if state.drill:
        drill.append(f", {state.drill}", style="default")
    table.add_row(newest, state.full_id, state.full_written, size(state.full_size_bytes), drill)
    console.print(table)
    console.print()


def _look(bucket: BackupBucket) -> BackupState:
    generation = bucket.newest_generation()
    fulls = [] if generation is None else bucket.fulls(generation)
    if generation is None or not fulls:
        return BackupState(problem="there is none yet")
    full, drill = fulls[-1], bucket.newest_drill()
    logs = bucket.logs(generation, after=full.point.revision)
    newest = max([full.written, *(log.written for log in logs[-1:])])
    return BackupState(
        newest=_iso(newest),
        newest_age_seconds=max(0.0, (bucket.clock - newest).total_seconds()),
        full_id=str(full.point),
        full_written=_iso(full.written),
        full_size_bytes=full.size_bytes,
        drill=_iso(drill.at) if drill else "",
        drill_passed=drill.passed if drill else None,
    )


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="seconds")
