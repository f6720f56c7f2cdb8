"""The proof that the proof can fail: an etcd that does not sync loses writes, and that is found."""

from pathlib import Path

import pytest

from lab.workload import judge, loading
from tests.deploy.deployment import Deployment, bootstrapped
from tests.faults.pool import Pool, deploy
from tests.faults.registry import Scene
from tests.faults.trial import report

pytestmark = pytest.mark.deploy

_AWAY_SECONDS = 5.0
"""No write that is later than that comes from before the loss."""
_UNSYNCED_SECONDS = 4.0
_SYNC_ONCE = (
    "pid=$(pidof etcd); trap 'kill -CONT $pid' EXIT; kill -STOP $pid; sync --file-system /var/lib/etcd"
)
"""Puts on the volume what etcd has written so far, all of one moment: a member that comes back with part of a
page is damaged, and joins anew only if the others are there."""
_UNSAFE = "ETCD_UNSAFE_NO_FSYNC"
"""https://etcd.io/docs/v3.6/op-guide/configuration/: `--unsafe-no-fsync`."""


def test_an_etcd_that_does_not_sync_is_found(tmp_path: Path, pool: Pool) -> None:
    """All masters lose their power: with fsync off acknowledged writes are gone, and the judge says so."""
    pool.discard()
    with bootstrapped(tmp_path, machines="nspawn") as deployment:
        _turn_fsync_off(deployment)
        deploy(deployment)
        cluster = deployment
        assert _UNSAFE in cluster.sh(cluster.master("a"), "cat /etc/kubernetes/manifests/etcd.yaml")
        folder = tmp_path / "load"
        with loading(cluster.targets(), folder) as load:
            scene = Scene(cluster=cluster, load=load)
            scene.wait(lambda: load.history_time() > 10, "10 s of writes", seconds=60)
            for instance_id in cluster.masters().values():
                cluster.sh(instance_id, _SYNC_ONCE)
            # Less than the kernel leaves in memory what was written last: these writes reach no volume.
            written = load.history_time() + _UNSYNCED_SECONDS
            scene.wait(lambda: load.history_time() > written, "writes that nobody syncs", seconds=30)
            for instance_id in cluster.masters().values():
                cluster.faults.power_loss(instance_id)
            # A quorum will do: a member whose data are of no use to the others takes minutes to join anew.
            # And etcd will do: the namespace that the API's clients write to may be among what is lost.
            until = load.history_time() + _AWAY_SECONDS
            scene.wait(lambda: (load.last_write("etcd") or 0) > until, "writes to etcd again", seconds=420)
            load.stop()
        verdict = judge(folder / "history.jsonl")
        report(f"without fsync: {verdict.writes_lost} of {verdict.acknowledged} acknowledged writes lost")
        assert verdict.writes_lost > 0
        assert not verdict.linearizable
        assert verdict.illegal_keys


def _turn_fsync_off(deployment: Deployment) -> None:
    module = deployment.cdk.settings.app / "userdata" / "kubequorum_node" / "kubeadm" / "configuration.py"
    text = module.read_text(encoding="utf-8")
    safe = '    local["serverCertSANs"] = names\n'
    assert safe in text
    unsafe = f'    local["extraEnvs"] = [{{"name": "{_UNSAFE}", "value": "true"}}]\n'
    module.write_text(text.replace(safe, safe + unsafe), encoding="utf-8")
