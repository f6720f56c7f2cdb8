"""All masters and volumes are lost: how long until a restore from the backups serves, and what it lacks."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.clients import first_write
from kubequorum_cli.backups import BackupBucket
from kubequorum_cli.commands.restore import restore
from kubequorum_cli.errors import CommandError
from kubequorum_cli.restore.request import RestoreBucket
from lab.cluster import Cluster, wait_until
from lab.workload import Load, TurnedBack, allow, judge, loading

_LIMIT_SECONDS = 420.0
_POLL_SECONDS = 0.5
_CALM_SECONDS = 15.0
"""More than backups may be late: what the load begins with must be in them."""
_PROMISED_SECONDS = 10.0
_WAITS = "waiting for a quorum of the other members"
"""A master without a volume logs it when nothing but a restore can help."""


@dataclass(frozen=True, kw_only=True)
class Restore:
    """Figures of a restore."""

    seconds: float
    """From the command to the first write through the load balancer, with machines that wait for it."""
    rpo_seconds: float
    """From the newest revision that was restored to the loss."""


def measure(cluster: Cluster, folder: Path) -> Restore:
    """Lose everything under load, restore it, and judge what clients saw.

    Raises:
        CommandError: it is not restored, or a write is missing that must be there.
    """
    with loading(cluster.targets(), folder) as load:
        begun = datetime.now(UTC)
        wait_until(lambda: _backed_up(cluster, begun), seconds=_LIMIT_SECONDS, pause_seconds=_POLL_SECONDS)
        time.sleep(_CALM_SECONDS)
        lost, lost_at = load.history_time(), datetime.now(UTC)
        _lose_all(cluster)
        asked = load.history_time()
        with ThreadPoolExecutor() as pool:
            done = pool.submit(
                restore, cluster.target, to="latest", yes=True, dry_run=False, seconds=_LIMIT_SECONDS
            )
            served = _wait_for_write(load, after=asked)
            done.result()
    _judge(load, folder, TurnedBack(promised=lost - _PROMISED_SECONDS, served=served))
    bucket = RestoreBucket(cluster.target)
    restored = bucket.restored(bucket.next_number() - 1)
    if restored is None or restored.seen is None:
        raise CommandError("the restored snapshot does not say of when it is", why=str(restored))
    return Restore(seconds=served - asked, rpo_seconds=(lost_at - restored.seen).total_seconds())


def _backed_up(cluster: Cluster, since: datetime) -> str:
    bucket = BackupBucket(cluster.target)
    number = bucket.newest_generation()
    fulls = bucket.fulls(number) if number is not None else []
    return "" if fulls and bucket.chain(fulls[-1]).seen > since else "what clients write is not backed up yet"


def _lose_all(cluster: Cluster) -> None:
    """Take the power from all masters, delete their volumes, and wait until their successors wait."""
    ec2, masters = cluster.client("ec2"), cluster.masters()
    volumes = [cluster.volume_of(instance) for instance in masters.values()]
    for instance in masters.values():
        cluster.faults.power_loss(instance, unnoticed=True)
    for volume in volumes:
        ec2.detach_volume(VolumeId=volume, Force=True)
    wait_until(
        lambda: "" if _are_free(cluster, volumes) else f"{', '.join(volumes)} are not available",
        seconds=_LIMIT_SECONDS,
        pause_seconds=_POLL_SECONDS,
    )
    for volume in volumes:
        ec2.delete_volume(VolumeId=volume)
    ec2.terminate_instances(InstanceIds=list(masters.values()))
    for slot, old in masters.items():
        wait_until(
            lambda slot=slot, old=old: _waits(cluster, slot, old),  # type: ignore[misc]
            seconds=_LIMIT_SECONDS,
            pause_seconds=_POLL_SECONDS,
        )


def _are_free(cluster: Cluster, volumes: list[str]) -> bool:
    found = cluster.client("ec2").describe_volumes(VolumeIds=volumes)["Volumes"]
    return all(volume["State"] == "available" for volume in found)


def _waits(cluster: Cluster, slot: str, old: str) -> str:
    new = [str(m["InstanceId"]) for m in cluster.members(slot) if m["InstanceId"] != old]
    if any(_WAITS in cluster.console(instance) for instance in new):
        return ""
    return f"slot {slot} has no successor of {old} that waits: {', '.join(new) or 'none'}"


def _wait_for_write(load: Load, *, after: float) -> float:
    found: list[float] = []

    def look() -> str:
        written = first_write(load.history, after=after)
        found.extend([] if written is None else [written])
        return "" if found else "no client of the API can write"

    wait_until(look, seconds=_LIMIT_SECONDS, pause_seconds=_POLL_SECONDS)
    return found[0]


def _judge(load: Load, folder: Path, lost: TurnedBack) -> None:
    allowed = folder / "allowed.jsonl"
    allow(load.history, lost, allowed)
    if complaints := judge(allowed).complaints():
        raise CommandError("the restored cluster is not what it must be", why="; ".join(complaints))
