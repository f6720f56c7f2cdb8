"""All masters are lost, with their volumes or without: with a small database and with one of 1 GiB.

On a cluster of their own, so that they can be measured alone: `bench --only restore_ratio_1gib`.
"""

from collections.abc import Mapping

from benchmarks import all_lost, restore
from benchmarks.environment import deployed_cluster, require_health
from benchmarks.figures import Context, Figure, Measurement
from kubequorum_cli.commands.backup import backup
from kubequorum_cli.console import Progress
from lab.cluster import Cluster
from lab.workload import fill

_LARGE_BYTES = 1 << 30
_LARGE = "_1gib"
_BACKUP_SECONDS = 300.0


def measure(context: Context) -> Mapping[str, float]:
    """Deploy a cluster, lose and restore it, fill it, and lose and restore it again."""
    cluster = deployed_cluster(context.with_machines(), context.tools, context.progress, context.scratch)
    values, rpo = _lose_all(cluster, context.progress, "")
    with context.progress.stage("Fill etcd with 1 GiB") as stage:
        fill(cluster.targets(), cluster.folder / "fill", size_bytes=_LARGE_BYTES)
        stage.line(f"{cluster.database_bytes() >> 20} MiB of its database are in use")
    # Otherwise the logs of all that was just written would be replayed, which is another thing to measure. By
    # itself the next full snapshot comes within five minutes.
    backup(cluster.target, seconds=_BACKUP_SECONDS)
    large, _ = _lose_all(cluster, context.progress, _LARGE)
    return {**values, **large, "backup_rpo_seconds": rpo}


def _lose_all(cluster: Cluster, progress: Progress, suffix: str) -> tuple[dict[str, float], float]:
    """The figures of a database, and how much before the loss the newest restored change was."""
    require_health(cluster)
    with progress.stage(f"Take the power from all masters at once{suffix}") as stage:
        all_lost_seconds = all_lost.measure(cluster, cluster.folder / f"all-lost{suffix}")
        stage.line(f"a write succeeded {all_lost_seconds:.1f} s after the first launch")
    require_health(cluster)
    with progress.stage(f"Lose all masters and volumes, and restore etcd from its backups{suffix}") as stage:
        restored = restore.measure(cluster, cluster.folder / f"restore{suffix}")
        stage.line(f"a write succeeded {restored.seconds:.1f} s after the command")
        stage.line(f"the newest {restored.rpo_seconds:.1f} s before the loss were not in the backups")
    require_health(cluster)
    values = {
        f"all_lost_seconds{suffix}": all_lost_seconds,
        f"restore_seconds{suffix}": restored.seconds,
        f"restore_ratio{suffix}": restored.seconds / all_lost_seconds,
    }
    return values, restored.rpo_seconds


MEASUREMENT = Measurement(
    figures=(
        Figure(name="all_lost_seconds", unit="s", aim=45),
        Figure(name="restore_seconds", unit="s", aim=None),
        Figure(name="restore_ratio", unit="ratio", aim=2),
        Figure(name="backup_rpo_seconds", unit="s", aim=10),
        Figure(name="all_lost_seconds_1gib", unit="s", aim=None),
        Figure(name="restore_seconds_1gib", unit="s", aim=None),
        Figure(name="restore_ratio_1gib", unit="ratio", aim=2.5),
    ),
    run=measure,
    needs_machines=True,
)
