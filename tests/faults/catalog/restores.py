"""Everything is lost, or turned back on purpose, and comes back from the backups."""

import json
import time
from datetime import UTC, datetime

from kubequorum_cli.backups import BackupBucket
from kubequorum_cli.commands.backup import backup as take_backup
from kubequorum_cli.commands.restore import restore as run_command
from kubequorum_cli.errors import CommandError
from kubequorum_cli.restore.request import RestoreBucket
from lab.workload import TurnedBack
from tests.deploy.deployment import Deployment
from tests.faults.copies import another_cluster, deploy, stored
from tests.faults.registry import Scene, trial
from tests.faults.restoring import (
    COMMAND_SECONDS,
    PROMISED_SECONDS,
    damage,
    list_version,
    lose_power,
    lose_volumes,
    lost_now,
    newest_restored,
    restore,
    settle,
    wait_for_backups,
    watch_from,
)

NOTE = "kubequorum/from-another-cluster"
"""Key in etcd while data of another cluster are not wholly the cluster's own (docs/contract.md)."""
_SETTLED = "every write that was acknowledged 10 s before the loss is there, nothing stale"
_PLACED = "are kept in /var/lib/etcd/before-restore"


@trial(expected=f"one command brings it back: {_SETTLED}", in_ci=True, recovery_seconds=600)
def everything_lost(scene: Scene) -> None:
    """All masters lose their power, and all volumes are deleted."""
    wait_for_backups(scene)
    version = list_version(scene)
    lost_now(scene)
    lose_volumes(scene)
    restore(scene)
    answer = watch_from(scene, version)
    assert '"code":410' in answer.replace(" ", ""), f"a client that resumes its watch gets {answer[:300]}"
    scene.note("a watch that resumes is told to list again")
    found = newest_restored(scene)
    assert not found.left_out


@trial(
    expected="the namespace is back as it was; what was written since is turned back", recovery_seconds=600
)
def namespace_deleted(scene: Scene) -> None:
    """A working cluster is turned back to the moment before somebody deleted a namespace."""
    scene.cluster.kubectl("create", "namespace", "precious")
    scene.cluster.kubectl("create", "configmap", "jewel", "--namespace=precious", "--from-literal=carat=5")
    wait_for_backups(scene)
    moment = datetime.now(UTC)
    scene.turned_back = TurnedBack(promised=scene.load.history_time() - 1.0, served=float("inf"))
    time.sleep(2)
    scene.cluster.kubectl("delete", "namespace", "precious", "--wait=true")
    wait_for_backups(scene)
    restore(scene, moment.isoformat())
    text = scene.cluster.kubectl("get", "configmap", "jewel", "--namespace=precious", "--output=json")
    assert json.loads(text)["data"] == {"carat": "5"}
    scene.cluster.kubectl("delete", "namespace", "precious", "--wait=true")


@trial(expected=f"no member can use its data: {_SETTLED}", recovery_seconds=600)
def all_data_damaged(scene: Scene) -> None:
    """All masters lose their power, and the write-ahead logs on all volumes are damaged."""
    wait_for_backups(scene)
    lost_now(scene)
    volumes = [scene.cluster.volume(slot) for slot in scene.cluster.slots]
    lose_power(scene, scene.cluster.slots)
    for volume in volumes:
        scene.cluster.faults.corrupt_volume(volume, "**/member/wal/*.wal", at=0.5)
    restore(scene)
    kept = scene.cluster.sh(scene.cluster.master("a"), "ls /var/lib/etcd")
    assert "before-restore-0" in kept, f"what was on the volume is not kept: {kept}"


@trial(
    expected="each continues from what it finds; one cluster, from one snapshot",
    recovery_seconds=600,
    points=("restore 1 was requested", "make the data of restore", _PLACED, "settle-membership: done"),
)
def crash_during_a_restore(scene: Scene, line: str) -> None:
    """The node program of two masters is killed at the same step of a restore."""
    number = RestoreBucket(scene.cluster.target).next_number()
    wait_for_backups(scene)
    lost_now(scene)
    zones = [scene.cluster.zone(slot) for slot in ("a", "b")]
    for zone in zones:
        scene.cluster.faults.kill_at_line(line.replace("restore 1 ", f"restore {number} "), zone=zone)
    lose_power(scene, scene.cluster.slots)
    restore(scene)
    assert not scene.cluster.faults.active(), "a crash did not happen"


@trial(expected="it takes no part in anything: its cluster has no quorum", recovery_seconds=900)
def old_master_wakes_up(scene: Scene) -> None:
    """One master is cut off when the restore is requested, and is back while the others restore."""
    wait_for_backups(scene)
    lost_now(scene)
    bucket, old = RestoreBucket(scene.cluster.target), scene.cluster.master("c")
    number = bucket.next_number()
    scene.cluster.faults.partition(old, unnoticed=True)

    def reconnect() -> None:
        scene.wait(lambda: bucket.next_number() > number, "the restore is requested", seconds=120)
        time.sleep(3)
        scene.cluster.faults.reconnect(old)

    restore(scene, meanwhile=reconnect)


@trial(expected="one is requested, and the other is told", recovery_seconds=600)
def two_restores_at_once(scene: Scene) -> None:
    """Two people run the command at the same moment, for different moments."""
    wait_for_backups(scene)
    number = RestoreBucket(scene.cluster.target).next_number()
    lost_now(scene)
    lose_power(scene, scene.cluster.slots)
    refused: list[str] = []

    def second() -> None:
        try:
            run_command(scene.cluster.target, to="latest", yes=True, dry_run=False, seconds=COMMAND_SECONDS)
        except CommandError as error:
            refused.append(error.what)

    restore(scene, meanwhile=second)
    requests = RestoreBucket(scene.cluster.target).requests()
    assert [request.number for request in requests][-1] == number, "there are two"
    scene.note("; ".join(refused) or "the second one followed the first")


@trial(expected="the last good one is taken, and what that costs is said", recovery_seconds=600)
def newest_backups_damaged(scene: Scene) -> None:
    """The newest full snapshot and the newest log object are damaged when everything is lost."""
    wait_for_backups(scene)
    target = scene.cluster.target
    # One more: without an older one nothing could be had.
    take_backup(target, seconds=120)
    wait_for_backups(scene)
    lost_now(scene)
    lose_power(scene, scene.cluster.slots)
    bucket = BackupBucket(target)
    full = bucket.fulls(bucket.generations()[-1].number)[-1]
    log = bucket.logs(full.point.generation, after=full.point.revision)[-1]
    for key in (full.key, log.key):
        damage(scene, bucket.name, key)
    # The log held the changes of some seconds, which no backup has now.
    promised = scene.load.history_time() - 2 * PROMISED_SECONDS
    scene.turned_back = TurnedBack(promised=promised, served=float("inf"))
    restore(scene)
    found = newest_restored(scene)
    assert full.key in found.left_out
    assert log.key in found.left_out
    assert found.full != full.key


@trial(expected=f"requested without masters, done when there are some: {_SETTLED}", recovery_seconds=600)
def control_plane_destroyed(scene: Scene) -> None:
    """The stacks with masters and workers are destroyed, and deployed again after the request."""
    wait_for_backups(scene)
    lost_now(scene)
    target = scene.cluster.target
    workers, masters = (target.stack_name(stack) for stack in ("Workers", "ControlPlane"))
    scene.cluster.run_cdk("destroy", workers, masters, "--force")
    number = RestoreBucket(target).next_number()
    _run(scene.cluster, to="latest")
    assert RestoreBucket(target).restored(number) is None, "there is nobody to restore it"
    asked_at = scene.load.history_time()
    scene.cluster.deploy()
    settle(scene, asked_at)
    assert newest_restored(scene).revision


@trial(
    expected="it has the data and an identity of its own; the first is not disturbed", recovery_seconds=300
)
def copied_into_another_cluster(scene: Scene) -> None:
    """A second cluster is made from the backups of the first, which goes on serving its clients."""
    first = scene.cluster
    secret = f"jewel-{scene.load.history_time():.0f}"
    first.kubectl("create", "secret", "generic", secret, "--from-literal=carat=5")
    first.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/service-account-token",
            "metadata": {
                "name": "long-lived",
                "annotations": {"kubernetes.io/service-account.name": "default"},
            },
        }
    )
    wait_for_backups(scene)
    with another_cluster(scene, "copy") as copy:
        deploy(copy, "State")
        _run(copy, to="latest", from_cluster=first.target.cluster)
        deploy(copy, "ControlPlane")
        _run(copy, to="")
        text = copy.kubectl("get", "secret", secret, "--output=jsonpath={.data.carat}")
        assert text == "NQ==", text
        scene.wait(lambda: not stored(copy, NOTE), "nothing is left to do", seconds=60)
        key = f"/registry/secrets/default/{secret}"
        assert stored(first, key) != stored(copy, key), "it is not encrypted again"
        scene.wait(lambda: _token(copy) not in ("", _token(first)), "a token of its own", seconds=60)
        nodes = [{node["metadata"]["name"] for node in each.get("nodes")} for each in (first, copy)]
        assert nodes[1] == set(copy.masters().values()), f"nodes are {nodes[1]}"
        assert not nodes[0] & nodes[1]
        cas = copy.kubectl(
            *("get", "configmap", "--namespace=kube-system", "extension-apiserver-authentication"),
            r"--output=jsonpath={.data.client-ca-file}",
        )
        assert cas.count("BEGIN CERTIFICATE") == 1, "the API server publishes the first one's CA"


def _run(cluster: Deployment, *, to: str, from_cluster: str = "") -> None:
    run_command(
        cluster.target,
        to=to,
        from_cluster=from_cluster,
        yes=True,
        dry_run=False,
        seconds=COMMAND_SECONDS,
    )


def _token(cluster: Deployment) -> str:
    return cluster.kubectl("get", "secret", "long-lived", "--output=jsonpath={.data.token}")
