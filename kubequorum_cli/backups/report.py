"""What can be restored to, in all: collected from the bucket, for people and for programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kubequorum_cli.backups.bucket import BackupBucket
from kubequorum_cli.backups.model import Chain, Drill, Full, Generation, Hole, Log

SHOWN = 12
"""Full snapshots of a generation that a person sees one by one, the newest of them."""


@dataclass(frozen=True, kw_only=True)
class GenerationReport:
    """What one generation has."""

    generation: Generation
    fulls: tuple[Full, ...]
    """Oldest first."""
    chain: Chain | None
    """From the newest full snapshot on; None if there is none."""
    first_log: Log | None
    holes: tuple[Hole, ...]


@dataclass(frozen=True, kw_only=True)
class BackupReport:
    """All that is in the bucket."""

    bucket: str
    now: datetime
    """By the bucket's clock."""
    generations: tuple[GenerationReport, ...]
    """Newest first."""
    last_drill: Drill | None


def collect(bucket: BackupBucket) -> BackupReport:
    """Ask for everything.

    Raises:
        CommandError: an object cannot be read.
    """
    return BackupReport(
        bucket=bucket.name,
        now=bucket.clock,
        generations=tuple(_generation(bucket, each) for each in reversed(bucket.generations())),
        last_drill=bucket.newest_drill(),
    )


def document(report: BackupReport) -> dict[str, Any]:
    """For programs; times are ISO 8601."""
    drill = report.last_drill
    return {
        "bucket": report.bucket,
        "generations": [_as_document(each) for each in report.generations],
        "last_drill": drill
        and {
            "passed": drill.passed,
            "time": drill.at.isoformat(),
            "slot": drill.by,
            "id": str(drill.point),
            "seconds": drill.seconds,
            "what": drill.what,
        },
    }


def show(report: BackupReport, console: Console) -> None:
    """Print it for a person."""

    def line(text: str, style: str = "") -> None:
        console.print(Text(text, style=style))

    line(f"Backups of etcd in s3://{report.bucket}/backups/\n")
    if not report.generations:
        line("no backup yet\n", "red")
        return
    for each in report.generations:
        generation = each.generation
        line(f"Generation {generation.number}, begun {_time(generation.begun)}", "bold")
        if each.chain is None:
            line("no full snapshot\n", "red")
            continue
        line(f"newest:  {each.chain.end}, {_time(each.chain.seen)}, {_ago(report.now, each.chain.seen)}")
        if each.first_log is not None:
            begin = each.first_log
            line(f"logs:    every revision since {begin.first}, {_time(begin.written)}{_but(each.holes)}")
        if each.chain.stopped:
            line(f"damaged: behind {each.chain.end}: {each.chain.stopped}", "red")
        for hole in each.holes:
            line(f"hole:    from {hole.first} to the next full snapshot", "yellow")
        console.print(_fulls(each.fulls, report.now))
        if len(each.fulls) > SHOWN:
            oldest = each.fulls[0]
            line(f"and {len(each.fulls) - SHOWN} older ones since {oldest.point}, {_time(oldest.written)}")
        line("")
    line(_drill(report), "" if report.last_drill and report.last_drill.passed else "red")


def size(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / (1 << 20):.1f} MiB"


def ago(seconds: float) -> str:
    """An age for people."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"


def _generation(bucket: BackupBucket, generation: Generation) -> GenerationReport:
    fulls = bucket.fulls(generation.number)
    return GenerationReport(
        generation=generation,
        fulls=tuple(fulls),
        chain=bucket.chain(fulls[-1]) if fulls else None,
        first_log=bucket.first_log(generation.number),
        holes=tuple(bucket.holes(generation.number)),
    )


def _as_document(each: GenerationReport) -> dict[str, Any]:
    chain, log = each.chain, each.first_log
    return {
        "generation": each.generation.number,
        "etcd_cluster": each.generation.cluster_id,
        "begun": each.generation.begun.isoformat(),
        "newest": chain and {"id": str(chain.end), "time": chain.seen.isoformat(), "stopped": chain.stopped},
        "logs_since": log and {"id": str(log.first), "time": log.written.isoformat()},
        "full_snapshots": [
            {
                "id": str(full.point),
                "key": full.key,
                "time": full.written.isoformat(),
                "size_bytes": full.size_bytes,
            }
            for full in each.fulls
        ],
        "holes": [str(hole.first) for hole in each.holes],
    }


def _fulls(fulls: tuple[Full, ...], now: datetime) -> Table:
    table = Table("full snapshot", "time", "age", "size", box=None, pad_edge=False)
    table.padding = (0, 3, 0, 0)
    for full in reversed(fulls[-SHOWN:]):
        age = _ago(now, full.written)
        table.add_row(str(full.point), _time(full.written), age, size(full.size_bytes))
    return table


def _but(holes: tuple[Hole, ...]) -> str:
    return f", but for {len(holes)} hole{'s'[: len(holes) > 1]}" if holes else ""


def _drill(report: BackupReport) -> str:
    drill = report.last_drill
    if drill is None:
        return "No restore drill yet"
    outcome = "passed" if drill.passed else f"FAILED: {drill.what}"
    return f"Last restore drill {outcome}: {drill.point}, {_time(drill.at)}, {_ago(report.now, drill.at)}"


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


def _ago(now: datetime, when: datetime) -> str:
    return ago((now - when).total_seconds())
