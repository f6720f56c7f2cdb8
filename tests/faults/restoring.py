"""Losing everything, restoring it, and what clients may have lost by that."""

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise

from kubequorum_cli.backups import BackupBucket
from kubequorum_cli.commands.restore import restore as run_command
from kubequorum_cli.restore.request import RestoreBucket, Restored
from lab.workload import TurnedBack
from tests.faults.registry import Scene

PROMISED_SECONDS = 10.0
"""So much of what was acknowledged may be lost with all volumes (docs/backups.md)."""
COMMAND_SECONDS = 900.0


def wait_for_backups(scene: Scene) -> None:
    """Wait until what the clients have written so far is in the bucket: a new cluster has no backup yet."""
    bucket, begun = BackupBucket(scene.cluster.target), datetime.now(UTC)

    def newer() -> bool:
        generations = bucket.generations()
        fulls = bucket.fulls(generations[-1].number) if generations else []
        return bool(fulls) and bucket.chain(fulls[-1]).seen > begun

    scene.wait(newer, "what the clients write is backed up", seconds=180)


def lose_volumes(scene: Scene) -> None:
    """Take the power from all masters, and delete their volumes before any successor is launched."""
    ec2 = scene.cluster.client("ec2")
    masters = scene.cluster.masters()
    volumes = {slot: scene.cluster.volume(slot) for slot in masters}
    for instance_id in masters.values():
        scene.cluster.faults.power_loss(instance_id, unnoticed=True)
    for volume in volumes.values():
        ec2.detach_volume(VolumeId=volume, Force=True)

    def are_free() -> bool:
        found = ec2.describe_volumes(VolumeIds=list(volumes.values()))["Volumes"]
        return all(volume["State"] == "available" for volume in found)

    scene.wait(are_free, f"{', '.join(volumes.values())} are available", seconds=60)
    for volume in volumes.values():
        ec2.delete_volume(VolumeId=volume)
    ec2.terminate_instances(InstanceIds=list(masters.values()))
    for slot, old in masters.items():
        scene.successor(slot, old, seconds=180)


def lose_power(scene: Scene, slots: Iterable[str]) -> None:
    """Take the power from the masters of these slots."""
    for slot in slots:
        scene.cluster.faults.power_loss(scene.cluster.master(slot))


def restore(scene: Scene, to: str = "latest", *, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Run the operator's command to its end, and note what it took."""
    begun, asked_at = time.monotonic(), scene.load.history_time()
    with ThreadPoolExecutor() as pool:
        done = pool.submit(
            run_command, scene.cluster.target, to=to, yes=True, dry_run=False, seconds=COMMAND_SECONDS
        )
        try:
            meanwhile()
        finally:
            error = done.exception()
    if error is not None:
        raise error
    scene.note(f"all masters restored after {time.monotonic() - begun:.0f} s")
    settle(scene, asked_at)


def settle(scene: Scene, asked_at: float) -> None:
    """Find in the history when the restored cluster served, and say that all members are new ones."""
    served = _first_write(scene, after=asked_at)
    scene.note(f"a write through the load balancer after {served - asked_at:.1f} s")
    assert scene.turned_back is not None
    scene.turned_back = TurnedBack(
        promised=scene.turned_back.promised, served=_first_restored(scene, asked_at)
    )
    scene.replaced.update(scene.cluster.slots)


def _first_write(scene: Scene, *, after: float, target: str = "api") -> float:
    """When the first write that began after a moment was acknowledged, in the history's time."""
    for line in scene.load.history.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        is_write = record["target"] == target and record["kind"] != "read" and record["outcome"] == "done"
        if is_write and record["call"] >= after * 1e9:
            return float(record["return"]) / 1e9
    raise AssertionError(f"no write to {target} was acknowledged")


def _first_restored(scene: Scene, asked_at: float) -> float:
    """When the restored cluster first acknowledged something, in the history's time.

    Masters that were in service may have done so until they were terminated: the longest silence ends it.
    """
    times = sorted(
        float(record["return"]) / 1e9
        for record in map(json.loads, scene.load.history.read_text(encoding="utf-8").splitlines())
        if record["outcome"] == "done" and float(record["return"]) / 1e9 > asked_at - PROMISED_SECONDS
    )
    return max(pairwise(times), key=lambda pair: pair[1] - pair[0])[1]


def lost_now(scene: Scene) -> None:
    """From now on what was acknowledged in the last seconds may be lost."""
    scene.turned_back = TurnedBack(promised=scene.load.history_time() - PROMISED_SECONDS, served=float("inf"))


def watch_from(scene: Scene, version: str) -> str:
    """What the API answers to a client that resumes its watch."""
    path = f"/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=5&resourceVersion={version}"
    return scene.cluster.kubectl("get", "--raw", path)


def list_version(scene: Scene) -> str:
    """The version of a list as the API gives it to clients that begin to watch."""
    found = json.loads(scene.cluster.kubectl("get", "--raw", "/api/v1/namespaces/default/configmaps"))
    return str(found["metadata"]["resourceVersion"])


def damage(scene: Scene, bucket: str, key: str) -> None:
    """Change a byte in the middle of an object that cannot be overwritten."""
    s3 = scene.cluster.client("s3")
    body = bytearray(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    body[len(body) // 2] ^= 0xFF
    s3.delete_object(Bucket=bucket, Key=key)
    s3.put_object(Bucket=bucket, Key=key, Body=bytes(body), IfNoneMatch="*")


def newest_restored(scene: Scene) -> Restored:
    """What masters have made of the newest request."""
    bucket = RestoreBucket(scene.cluster.target)
    found = bucket.restored(bucket.next_number() - 1)
    assert found is not None
    return found
