"""What backups of etcd promise and cost, on a cluster that about 100 writes a second are made to.

If all volumes were lost at some moment, the newest change in the bucket at that moment would be the newest
one there is: so losses need not be made to know how much each would cost.
"""

import json
import random
import statistics
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure, Probe
from kubequorum_cli.backups import BackupBucket
from kubequorum_cli.commands.backup import take
from kubequorum_cli.console import Progress, Stage
from kubequorum_cli.errors import CommandError
from kubequorum_cli.waiting import wait_until_complete
from lab.cluster import Cluster
from lab.workload import Load, loading

_UNIT = "kubequorum-backup"
_CLIENTS, _PAUSE_SECONDS = 10, 0.1
"""Of the API and of etcd each; about half of their operations are writes."""
_TURNS = 4
"""A cluster and its disk become quicker and slower by themselves, which is not the backups' cost."""
_LOSSES = 25
"""Moments of each turn at which all could be lost."""
_BETWEEN_LOSSES_SECONDS = (0.3, 0.9)
"""At random, so that they do not keep time with the writer."""
_CALM_SECONDS = 5.0
_SETTLE_SECONDS = 60.0
_USAGE = (
    f"pid=$(systemctl show {_UNIT} -p MainPID --value); "
    "getconf CLK_TCK; sed 's/.*) //' /proc/$pid/stat; grep VmHWM /proc/$pid/status"
)
"""From /proc: systemd knows no CPUUsageNSec where control groups lack the controller `cpu`."""
_CPU_FIELDS = slice(11, 15)
"""Of /proc/PID/stat behind the program's name: user and system time, its own and that of programs it ran."""


def measure(cluster: Cluster, progress: Progress) -> Mapping[str, float]:
    """Load the cluster with and without backups, in turns; nothing of it is changed in the end."""
    bucket = BackupBucket(cluster.target)
    bare = [_load_without_backups(cluster, bucket, progress, 0)]
    histories, lags, costs = [], [], []
    for turn in range(1, _TURNS + 1):
        with progress.stage(f"Back up under load, turn {turn} of {_TURNS}") as stage:
            _wait_until_backed_up(bucket, stage)
            before, began = _usage(cluster), time.monotonic()
            with _loading(cluster, f"backups-{turn}") as load:
                lags += [_lost_seconds(bucket) for _ in _moments()]
                if turn == _TURNS:
                    # A full one, too: more often than the schedule takes them, once in some five minutes.
                    take(cluster.target, stage, seconds=_SETTLE_SECONDS)
            costs.append(_cost(before, _usage(cluster), time.monotonic() - began))
            histories.append(load.history)
            stage.line(f"at worst {max(lags):.1f} s of writes, in the median {statistics.median(lags):.1f} s")
        bare.append(_load_without_backups(cluster, bucket, progress, turn))
    return {
        "backup_lag_seconds": max(lags),
        "backup_cpu_percent": max(percent for percent, _ in costs),
        "backup_memory_mib": max(mib for _, mib in costs),
        "backup_write_p99_ratio": p99_of_writes(*histories) / p99_of_writes(*bare),
    }


def p99_of_writes(*histories: Path) -> float:
    """Seconds in which 99 of 100 acknowledged writes to etcd were acknowledged.

    Raises:
        CommandError: the histories have too few of them.
    """
    lines = [line for history in histories for line in history.read_text(encoding="utf-8").splitlines()]
    records = map(json.loads, lines)
    taken = [
        (record["return"] - record["call"]) / 1e9
        for record in records
        if record["target"] == "etcd" and record["kind"] != "read" and record["outcome"] == "done"
    ]
    if len(taken) < 100:
        raise CommandError(f"{histories[0]} has {len(taken)} writes to etcd, too few for a 99th percentile")
    return float(statistics.quantiles(taken, n=100)[-1])


def usage(printed: str) -> tuple[float, float]:
    """Seconds of a processor and the most MiB of memory so far, by what the machine printed.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    ticks_per_second, fields, memory = printed.strip().split("\n")
    ticks = sum(map(int, fields.split()[_CPU_FIELDS]))
    return ticks / int(ticks_per_second), int(memory.split()[1]) / 1024


@contextmanager
def _loading(cluster: Cluster, name: str) -> Iterator[Load]:
    folder = cluster.folder / name
    with loading(cluster.targets(), folder, clients=_CLIENTS, pause_seconds=_PAUSE_SECONDS) as load:
        time.sleep(_CALM_SECONDS)
        yield load


def _moments(losses: int = _LOSSES) -> Iterator[None]:
    for _ in range(losses):
        time.sleep(random.uniform(*_BETWEEN_LOSSES_SECONDS))
        yield


def _lost_seconds(bucket: BackupBucket) -> float:
    """How old the newest change in the bucket is: all machines have one clock."""
    now = time.time()
    return now - _newest_change(bucket)


def _newest_change(bucket: BackupBucket) -> float:
    """When it was seen, in seconds since 1970."""
    generation = bucket.newest_generation()
    fulls = [] if generation is None else bucket.fulls(generation)
    logs = bucket.logs(generation, after=fulls[-1].point.revision) if generation and fulls else []
    if not logs:
        raise CommandError(
            "there is no log of changes in the bucket", remedy="see docs/operations/backups.md"
        )
    return bucket.read_log(logs[-1]).last.seen.timestamp()


def _wait_until_backed_up(bucket: BackupBucket, stage: Stage) -> None:
    """Wait for a change of after this moment: the start of the service is not what backups cost."""
    began = time.time()
    wait_until_complete(
        lambda: [] if _newest_change(bucket) > began else ["the newest change is older"],
        stage,
        seconds=_SETTLE_SECONDS,
        what="no change has come into the bucket",
        remedy="see docs/operations/backups.md",
    )


def _usage(cluster: Cluster) -> dict[str, tuple[float, float]]:
    with ThreadPoolExecutor() as pool:
        printed = pool.map(lambda slot: cluster.sh(cluster.master(slot), _USAGE), cluster.slots)
        return {slot: usage(text) for slot, text in zip(cluster.slots, printed, strict=True)}


def _cost(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]], seconds: float
) -> tuple[float, float]:
    """Percent of a processor and MiB of memory, of the master that wrote the backups."""
    writer = max(after, key=lambda slot: after[slot][0] - before[slot][0])
    return 100 * (after[writer][0] - before[writer][0]) / seconds, after[writer][1]


def _load_without_backups(cluster: Cluster, bucket: BackupBucket, progress: Progress, turn: int) -> Path:
    """The history of the same load without backups: half as long before the first turn and after the last."""
    losses = _LOSSES // 2 if turn in (0, _TURNS) else _LOSSES
    with (
        progress.stage("The same load without backups"),
        _without_backups(cluster),
        _loading(cluster, f"no-backups-{turn}") as bare,
    ):
        for _ in _moments(losses):
            # What it says is old. Asked, because asking loads this computer as much as the other turns do.
            _newest_change(bucket)
    return bare.history


@contextmanager
def _without_backups(cluster: Cluster) -> Iterator[None]:
    masters = cluster.masters().values()
    for instance in masters:
        cluster.sh(instance, f"systemctl stop {_UNIT}")
    try:
        yield
    finally:
        for instance in masters:
            cluster.sh(instance, f"systemctl start {_UNIT}")


PROBE = Probe(
    figures=(
        Figure(name="backup_lag_seconds", unit="s", aim=10),
        Figure(name="backup_cpu_percent", unit="%", aim=5),
        Figure(name="backup_memory_mib", unit="MiB", aim=100),
        Figure(name="backup_write_p99_ratio", unit="ratio", aim=1.1),
    ),
    run=measure,
)
