"""`restore`: etcd from its backups, on all masters."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from kubequorum_cli.backups import BackupBucket
from kubequorum_cli.commands.asking import ask
from kubequorum_cli.console import Progress, Stage, stdout
from kubequorum_cli.errors import CommandError, UsageError
from kubequorum_cli.kubernetes import ApiError, Client, find_access, has_kubernetes
from kubequorum_cli.resources import Resources
from kubequorum_cli.restore import copying, moment, plan, text, workers
from kubequorum_cli.restore.masters import Masters
from kubequorum_cli.restore.plan import Plan
from kubequorum_cli.restore.request import Request, RestoreBucket
from kubequorum_cli.restore.source import SharedState, Source, find
from kubequorum_cli.target import Target
from kubequorum_cli.waiting import poll

_CONTINUED_WITHIN = timedelta(hours=1)
"""The same command again in this time means the same restore, if that is not carried out."""
_EXPIRES = timedelta(hours=24)
"""As for masters: a request that none has begun by then counts no more."""
_PAUSE_SECONDS = 1.0
_RUNBOOK = "docs/operations/quorum-loss.md"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person wants to be restored."""

    to: str
    """See `moment.EXAMPLES`; empty to continue the newest restore."""
    source: Source | None = None
    """The cluster whose backups they are, if it is another one."""
    with_ca: bool = False
    """Whether the other cluster's CA set comes along."""


def restore(
    target: Target,
    *,
    to: str,
    yes: bool,
    dry_run: bool,
    seconds: float,
    from_cluster: str = "",
    with_ca: bool = False,
) -> None:
    """Plan a restore, ask, request it, and wait until all masters have carried it out.

    Args:
        target: the cluster.
        to: see `moment.EXAMPLES`; empty to continue the newest one.
        yes: whether nobody is asked.
        dry_run: whether only the plan is printed.
        seconds: how long to wait for the masters.
        from_cluster: name or state bucket of another cluster, whose backups are restored into this one.
        with_ca: whether the other cluster's CA set becomes this one's.

    Raises:
        CommandError: it cannot be planned, is not wanted, or is not carried out in time.
    """
    bucket = RestoreBucket(target)
    if with_ca and not from_cluster:
        raise UsageError(
            "--with-ca has no meaning here",
            why="without --from the cluster keeps its own CA set",
            remedy="leave it out, or add --from CLUSTER",
        )
    if from_cluster and not to:
        raise UsageError(
            f"it is not said to which moment of {from_cluster} to restore",
            why="--from has no --to",
            remedy=f"--to {moment.EXAMPLES}; to continue an interrupted restore leave out --from",
        )
    source = find(target, from_cluster) if from_cluster else None
    wanted = Wanted(to=to, source=source, with_ca=with_ca)
    request = _unfinished(bucket, wanted)
    if request is not None:
        stdout().print(
            f"Restore {request.number} (--to {request.to}, requested {request.requested}) continues.",
            markup=False,
            highlight=False,
        )
        if dry_run:
            return
    else:
        request = _new(target, bucket, wanted, yes=yes, dry_run=dry_run)
        if request is None:
            return
    if target.outputs("ControlPlane") is None:
        Progress().note(
            f"Restore {request.number} is requested. There are no masters: deploy "
            f"{target.stack_name('ControlPlane')}, and they restore when they boot."
        )
        return
    _carry_out(target, bucket, request, seconds=seconds)


def _unfinished(bucket: RestoreBucket, wanted: Wanted) -> Request | None:
    """The newest request, if this command means it.

    Raises:
        UsageError: nothing is to be continued.
    """
    requests = bucket.requests()
    if not wanted.to:
        if not requests:
            raise UsageError(
                "there is no restore to continue",
                why=f"none was requested in s3://{bucket.name}/restores/",
                remedy=f"--to {moment.EXAMPLES}",
            )
        newest = requests[-1]
        if _age(newest) > _EXPIRES and not bucket.is_begun(newest.number):
            raise UsageError(
                f"restore {newest.number} cannot be continued",
                why=f"no master has begun it within a day of {newest.requested}, so none will",
                remedy=f"request another one: --to {moment.EXAMPLES}",
            )
        return newest
    copied_from = wanted.source.backups.name if wanted.source else ""
    if not requests or (requests[-1].to, requests[-1].copied_from) != (wanted.to, copied_from):
        return None
    newest = requests[-1]
    records = [bucket.record(slot) for slot in bucket.slots()]
    carried_out = all(record is None or record.restore >= newest.number for record in records)
    return newest if _age(newest) < _CONTINUED_WITHIN and not carried_out else None


def _age(request: Request) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(request.requested)


def _new(
    target: Target, bucket: RestoreBucket, wanted: Wanted, *, yes: bool, dry_run: bool
) -> Request | None:
    """Plan a restore, ask and request it; None after a dry run."""
    own, source = BackupBucket(target), wanted.source
    backups = source.backups if source else own
    when = moment.parse(wanted.to, now=backups.clock)
    number = bucket.next_number()
    if source:
        copying.require_possible(source, SharedState.of(target, own.name), with_ca=wanted.with_ca)
    with Progress().stage("reading and verifying the backups"):
        planned = plan.make(backups, when, bucket.requests(), own=own if source else None)
    if source:
        # What is copied is what is shown: it does not grow meanwhile.
        planned = replace(planned, latest=False)
    console = stdout()
    for line in text.plan_lines(planned, number=number, now=backups.clock):
        console.print(line, markup=False, highlight=False)
    if source:
        for line in text.copy_lines(source.backups.name, with_ca=wanted.with_ca):
            console.print(line, markup=False, highlight=False)
    if dry_run:
        return None
    if target.outputs("ControlPlane") is not None:
        _masters(target, bucket, number, since=backups.clock).require_replaceable()
    ask("Restore?", yes=yes, declined="not restored: nothing was changed")
    request = _request(planned, number=number, to=wanted.to)
    if source:
        request = copying.bring(planned, source, SharedState.of(target, own.name), request, wanted.with_ca)
    bucket.write(request)
    return request


def _request(planned: Plan, *, number: int, to: str) -> Request:
    return Request(
        number=number,
        generation=planned.point.generation,
        revision=planned.point.revision,
        or_newer=planned.latest,
        bump_revision=planned.bump_revision,
        to=to,
        requested=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _masters(target: Target, bucket: RestoreBucket, number: int, *, since: datetime) -> Masters:
    return Masters(resources=Resources(target), bucket=bucket, number=number, since=since)


def _carry_out(target: Target, bucket: RestoreBucket, request: Request, *, seconds: float) -> None:
    masters = _masters(target, bucket, request.number, since=bucket.written(request.number))
    with Progress().stage(f"restore {request.number}: all masters") as stage:
        served: list[float] = []
        seen: dict[str, str] = {}

        def missing() -> list[str]:
            states = masters.step()
            for state in states:
                if seen.get(state.slot) != state.text:
                    stage.line(f"{stage.seconds:5.1f} s  slot {state.slot}: {state.text}")
                    seen[state.slot] = state.text
            if not served and sum(state.done for state in states) and _serves(target):
                served.append(stage.seconds)
                stage.line(f"{stage.seconds:5.1f} s  the API answers")
            return [f"slot {state.slot}: {state.text}" for state in states if not state.done]

        lines = poll(
            missing,
            seconds=seconds,
            pause_seconds=_PAUSE_SECONDS,
            show=lambda found: stage.detail("; ".join(found)),
        )
        for line in text.result_lines(request, bucket.restored(request.number)):
            stage.line(line)
        if lines:
            raise CommandError(
                f"restore {request.number} is not carried out by all masters after {seconds:.0f} s",
                why="\n".join(lines),
                remedy=f"masters go on by themselves; look again: ./kubequorum restore. See {_RUNBOOK}",
            )
    if has_kubernetes(target):
        _replace_workers(target, stage)


def _serves(target: Target) -> bool:
    if not has_kubernetes(target):
        return False
    with suppress(ApiError, CommandError):
        Client(find_access(target)).get("/api/v1/namespaces/default")
        return True
    return False


def _replace_workers(target: Target, stage: Stage) -> None:
    for instance_id in workers.replace_unknown(Resources(target)):
        stage.line(f"worker {instance_id} joined after the restored moment: its group replaces it")
