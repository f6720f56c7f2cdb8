"""`roll`: masters replaced one by one, without a deployment."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from types import FrameType

from kubequorum_cli import durations, validate
from kubequorum_cli.commands import backup
from kubequorum_cli.commands.asking import ask
from kubequorum_cli.console import Progress, stderr, stdout
from kubequorum_cli.errors import CommandError, UsageError, reason_of
from kubequorum_cli.plan.figures import figures_of
from kubequorum_cli.resources import Resources
from kubequorum_cli.roll import Roll, Roller, closed, make, text
from kubequorum_cli.roll.document import Outcome
from kubequorum_cli.target import Target
from kubequorum_cli.validate import Snapshot

_BACKUP_SECONDS = 300.0
_ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Beside Ctrl-C."""


def roll(
    target: Target,
    *,
    node: str,
    launched_before: str,
    yes: bool,
    dry_run: bool,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Plan a roll, look at the gates, ask, take a backup, and replace the masters.

    Args:
        target: the cluster.
        node: a slot, or the id of a master's instance; empty for all.
        launched_before: a moment, as `durations.moment` takes it; empty for no limit.
        yes: whether nobody is asked.
        dry_run: whether it ends before it asks.
        seconds: how long a successor may take; None for what the lifecycle hooks allow.
        as_json: whether one JSON document is all of stdout.

    Raises:
        UsageError: the moment is none, or nobody can be asked.
        CommandError: it is refused, declined, fails or is interrupted.
    """
    with Progress().stage(f"looking at cluster {target.cluster}"):
        snapshot = validate.collect(target)
        found = make(
            Resources(target),
            figures_of(target),
            node=node,
            launched_before=_moment(launched_before, now=snapshot.now) if launched_before else None,
            now=snapshot.now,
            seconds=seconds,
        )
    console = stderr() if as_json else stdout()
    for line in text.plan_lines(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    try:
        _decide(target, found, snapshot, yes=yes, dry_run=dry_run)
    except UsageError:
        raise
    except CommandError as error:
        found.reason = found.reason or reason_of(error)
        if as_json:
            _print(target, found)
        raise
    if as_json:
        _print(target, found)
        return
    for line in text.result_lines(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _moment(words: str, *, now: datetime) -> datetime:
    try:
        return durations.moment(words.strip(), now=now)
    except ValueError as error:
        raise UsageError(
            f"--launched-before {words} is no moment",
            why=str(error),
            remedy="--launched-before 2027-01-15T12:30:00Z, or 7d (that long ago: s, m, h or d)",
        ) from error


def _decide(target: Target, found: Roll, snapshot: Snapshot, *, yes: bool, dry_run: bool) -> None:
    """Carry it out if there is something to do, nothing speaks against it, and it is wanted."""
    if found.kept and not found.steps:
        found.outcome = Outcome.NOTHING
        return
    found.findings = closed(snapshot)
    if found.findings:
        found.outcome = Outcome.REFUSED
        raise text.refused(found)
    if dry_run:
        return
    found.outcome = Outcome.DECLINED
    ask("Replace them?", yes=yes, declined="no master is replaced: nothing was changed")
    found.outcome = Outcome.FAILED
    with _interruptible():
        try:
            found.backup = _back_up(target, found)
        except KeyboardInterrupt as error:
            found.outcome = Outcome.INTERRUPTED
            raise CommandError("the roll was interrupted: no master is replaced") from error
        Roller(target, found).run()


def _back_up(target: Target, found: Roll) -> str:
    """Take a full backup; its id."""
    if target.no_kubernetes is not None:
        Progress().note(f"There is nothing to back up: {target.no_kubernetes.why}")
        return ""
    with Progress().stage("taking a full snapshot of etcd") as stage:
        taken = str(backup.take(target, stage, seconds=_BACKUP_SECONDS).point)
        stage.line(f"it can be restored to: {found.program} restore --to {taken}")
    return taken


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let signals that would end this process interrupt it as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # A signal that this process was started to ignore, as by nohup, stays ignored.
    heard = [number for number in _ENDING if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _print(target: Target, found: Roll) -> None:
    document = {**target.details, **asdict(found), "continue_with": found.continuation}
    print(json.dumps(document, indent=2, default=datetime.isoformat))
