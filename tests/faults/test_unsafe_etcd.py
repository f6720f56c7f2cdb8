"""The proof that the proof can fail: an etcd that does not sync loses writes, and the judge finds them."""

from pathlib import Path

import pytest

from lab.workload import judge, loading
from tests.deploy.deployment import bootstrapped
from tests.faults.pool import Pool, deploy
from tests.faults.registry import Scene
from tests.faults.trial import report

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(1200)]

_AWAY_SECONDS = 5.0
"""A write that is acknowledged later than that was made after the loss."""
_UNSYNCED_SECONDS = 4.0
_SYNC_ONCE = (
    "pid=$(pidof etcd); trap 'kill -CONT $pid' EXIT; kill -STOP $pid; sync --file-system /var/lib/etcd"
)
"""Writes to the volume what etcd has written so far, at one moment: a member that comes back with a part of a
page is damaged, and joins as a new member only if the others are there."""
_UNSAFE = "ETCD_UNSAFE_NO_FSYNC"
"""https://etcd.io/docs/v3.6/op-guide/configuration/: `--unsafe-no-fsync`."""


def test_an_etcd_that_does_not_sync_is_found(
    tmp_path: Path, pool: Pool, request: pytest.FixtureRequest
) -> None:
    """All masters lose their power: without fsync acknowledged writes are gone, and the judge finds that."""
    if not request.config.getoption("--all-faults"):
        pytest.skip("an etcd that does not sync is tried by `make faults`: it needs a cluster of its own")
    pool.discard()
    with bootstrapped(tmp_path, machines="nspawn") as cluster:
        cluster.release(KUBEQUORUM_ETCD_ENVIRONMENT=f"{_UNSAFE}=true")
        deploy(cluster)
        assert _UNSAFE in cluster.sh(cluster.master("a"), "cat /etc/kubernetes/manifests/etcd.yaml")
        folder = tmp_path / "load"
        with loading(cluster.targets(), folder) as load:
            scene = Scene(cluster=cluster, load=load)
            scene.wait(lambda: load.history_time() > 10, "10 s of writes", seconds=60)
            for instance_id in cluster.masters().values():
                cluster.sh(instance_id, _SYNC_ONCE)
            # Shorter than the kernel keeps new data in memory: these writes reach no volume.
            written = load.history_time() + _UNSYNCED_SECONDS
            scene.wait(lambda: load.history_time() > written, "writes that are not synced", seconds=30)
            for instance_id in cluster.masters().values():
                cluster.faults.power_loss(instance_id)
            # A quorum will do: a member whose data the others cannot use takes minutes to join again.
            # And etcd will do: the namespace to which the API's clients write may be lost.
            until = load.history_time() + _AWAY_SECONDS
            scene.wait(lambda: (load.last_write("etcd") or 0) > until, "writes to etcd again", seconds=420)
            load.stop()
        verdict = judge(folder / "history.jsonl")
        report(f"without fsync: {verdict.writes_lost} of {verdict.acknowledged} acknowledged writes lost")
        assert verdict.writes_lost > 0
        assert not verdict.linearizable
        assert verdict.illegal_keys
