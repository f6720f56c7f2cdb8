"""Backups of etcd while what they need fails: nothing may be missing in the chain, whoever writes it."""

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from emulator.faults import ApiRule
from kubequorum_cli.backups import BackupBucket, Full
from kubequorum_cli.commands.backup import backup as take_backup
from kubequorum_node.audit.shipping import PREFIX as AUDIT_PREFIX
from kubequorum_node.backup.turn import KEY as TURN_KEY
from tests.faults.registry import Scene, trial

_UNIT = "kubequorum-backup"
_PROMISED_SECONDS = 10.0
"""So much of what was acknowledged may be lost with all volumes (docs/backups.md)."""
_CONTINUES = "another master continues the chain, without a hole"


def _newest_full(bucket: BackupBucket) -> Full | None:
    generation = bucket.newest_generation()
    fulls = [] if generation is None else bucket.fulls(generation)
    return fulls[-1] if fulls else None


def _age(bucket: BackupBucket) -> float:
    """Seconds since a writer received the newest change in the bucket: clients write all the time."""
    full = _newest_full(bucket)
    if full is None:
        return float("inf")
    return (datetime.now(UTC) - bucket.chain(full).seen).total_seconds()


def _writer(scene: Scene) -> str:
    """The slot that writes backups; waits for one."""
    found: list[str] = []

    def is_there() -> bool:
        value = scene.cluster.etcdctl("get", "--print-value-only", TURN_KEY.decode()).strip()
        found[:] = [str(json.loads(value)["slot"])] if value else []
        return bool(found)

    scene.wait(is_there, "a master writes backups", seconds=60)
    return found[0]


@contextmanager
def _unbroken(scene: Scene) -> Iterator[BackupBucket]:
    """From before a fault until after it the logs have every revision, and are up to date in the end."""
    bucket = BackupBucket(scene.cluster.target)
    scene.wait(lambda: _age(bucket) <= _PROMISED_SECONDS, "backups are up to date", seconds=180)
    begin = _newest_full(bucket)
    assert begin is not None
    yield bucket
    took = scene.wait(lambda: _age(bucket) <= _PROMISED_SECONDS, "backups are up to date again", seconds=180)
    chain = bucket.chain(begin)
    assert not chain.stopped, chain.stopped
    assert bucket.newest_generation() == begin.point.generation
    assert not [hole for hole in bucket.holes(begin.point.generation) if hole.first > begin.point]
    scene.note(
        f"up to date after {took:.0f} s, {chain.end.revision - begin.point.revision} revisions unbroken"
    )


def _until_another_writes(scene: Scene, slot: str) -> None:
    took = scene.wait(lambda: _writer(scene) != slot, f"another master than {slot} writes", seconds=120)
    scene.note(f"another master wrote after {took:.0f} s")


@trial(expected=f"{_CONTINUES}; a full snapshot can be asked for at any time")
def backup_writer_killed(scene: Scene) -> None:
    """The process that writes is killed five times, whatever it is doing; then somebody asks for a backup."""
    with _unbroken(scene):
        for _ in range(5):
            master = scene.cluster.master(_writer(scene))
            time.sleep(scene.random.uniform(0.5, 8.0))
            scene.cluster.sh(master, f"systemctl kill --signal=KILL {_UNIT}")
        take_backup(scene.cluster.target, seconds=120)


@trial(expected=_CONTINUES)
def backup_writer_loses_power(scene: Scene) -> None:
    """The machine of the writer."""
    with _unbroken(scene):
        slot = _writer(scene)
        old = scene.cluster.master(slot)
        scene.cluster.faults.power_loss(old)
        _until_another_writes(scene, slot)
        scene.wait_until_replaced(slot, old)


def _under_rule(scene: Scene, rule: ApiRule, *, seconds: float) -> None:
    fault = scene.cluster.faults.api(rule)
    time.sleep(seconds)
    assert scene.effects(fault) > 0, "no request met the fault"
    scene.cluster.faults.clear(fault)


@trial(expected=_CONTINUES)
def backup_denied_to_the_writer(scene: Scene) -> None:
    """The bucket refuses every write of its instance for 40 seconds."""
    with _unbroken(scene):
        slot = _writer(scene)
        denied = ApiRule(
            service="s3",
            operation="PutObject",
            instance_id=scene.cluster.master(slot),
            error="AccessDenied",
            status=403,
        )
        _under_rule(scene, denied, seconds=40)
        assert _writer(scene) != slot, f"slot {slot} still writes backups, and may not"


@trial(expected="changes wait in a buffer; no hole")
def backup_bucket_slow(scene: Scene) -> None:
    """Every request to the bucket takes three seconds longer, for a minute."""
    with _unbroken(scene):
        _under_rule(scene, ApiRule(service="s3", latency_seconds=3.0), seconds=60)


@trial(expected="changes wait in a buffer; no hole")
def backup_answers_lost(scene: Scene) -> None:
    """Of half of the writes to the bucket the answer is lost, so that they are repeated."""
    with _unbroken(scene):
        lost = ApiRule(service="s3", operation="PutObject", lost="response", probability=0.5, seed=5)
        _under_rule(scene, lost, seconds=40)


@trial(expected=f"AWS refuses its requests; {_CONTINUES}")
def backup_writers_clock_off(scene: Scene) -> None:
    """By AWS's clock the writer's machine is an hour late, for 40 seconds."""
    with _unbroken(scene):
        slot = _writer(scene)
        fault = scene.cluster.faults.clock(scene.cluster.master(slot), seconds=3600)
        time.sleep(40)
        assert scene.effects(fault) > 0, "no request met the fault"
        scene.cluster.faults.clear(fault)


@trial(expected="a full snapshot first; its audit log is in the bucket to the end")
def backup_at_a_termination(scene: Scene) -> None:
    """The group terminates a master, as an update does."""
    with _unbroken(scene) as bucket:
        scene.wait(lambda: _full_age(bucket) > 60, "the newest full snapshot is a minute old", seconds=90)
        before = _newest_full(bucket)
        slot = scene.cluster.follower()
        old = scene.terminate(slot)
        scene.wait_until_replaced(slot, old)
        after = _newest_full(bucket)
        assert before is not None
        assert after is not None
        assert after.point > before.point, "no full snapshot was taken"
        assert "take-backup: done" in scene.cluster.console(old)
        _check_audit_log(scene, bucket.name, old)


def _full_age(bucket: BackupBucket) -> float:
    full = _newest_full(bucket)
    return 0.0 if full is None else (datetime.now(UTC) - full.written).total_seconds()


def _check_audit_log(scene: Scene, bucket: str, instance_id: str) -> None:
    """Whether the log of a master that has gone is in the bucket, with what it did last."""
    s3 = scene.cluster.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=AUDIT_PREFIX)
    keys = [
        entry["Key"] for page in pages for entry in page.get("Contents", []) if instance_id in entry["Key"]
    ]
    events = [
        json.loads(line)
        for key in keys
        for line in gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).splitlines()
    ]
    assert events, f"no audit log of {instance_id}"
    ids = [(event["auditID"], event["stage"]) for event in events]
    assert len(ids) == len(set(ids)), "events are there twice"
    assert any(event.get("objectRef", {}).get("resource") == "configmaps" for event in events), (
        "no client's write"
    )
    scene.note(f"{len(events)} audit events of {instance_id} in {len(keys)} objects")
