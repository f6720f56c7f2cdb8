"""A machine whose image lacks a program takes it from the state bucket while there is no upstream."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

_KUBEADM = "/usr/local/bin/kubeadm"
_LOCK = "/opt/kubequorum/current/files/artifacts.json"
_UPSTREAM = "http://127.0.0.1:8099/kubeadm"
_NOWHERE = "https://upstream.invalid/kubeadm"
"""A name that no server ever answers for (RFC 6761)."""


@contextmanager
def _without_kubeadm(cluster: Deployment, machine: str, *, upstream: str) -> Iterator[str]:
    """A machine whose image lacks kubeadm, which its lock file pins as it was; gives its sum.

    What machines here have is built from source, and no download has its sum.
    """
    cluster.sh(machine, f"cp {_LOCK} {_LOCK}.before; mkdir -p /root/upstream; mv {_KUBEADM} /root/upstream/")
    sha256 = cluster.sh(machine, "sha256sum /root/upstream/kubeadm").split()[0]
    lock = json.loads(cluster.sh(machine, f"cat {_LOCK}"))
    for version in lock["artifacts"]["kubeadm"]["versions"].values():
        for download in version.values():
            download.update(sha256=sha256, url=upstream)
    try:
        cluster.sh(machine, f"cat > {_LOCK} <<'END'\n{json.dumps(lock)}\nEND")
        yield sha256
    finally:
        cluster.sh(machine, f"mv {_LOCK}.before {_LOCK}; mv -f /root/upstream/kubeadm {_KUBEADM}")


def test_a_worker_takes_what_a_master_has_put(cluster: Deployment) -> None:
    """Both with the rights of their own roles. The master's boot has an upstream, the worker's has none."""
    master = cluster.master("a")
    (worker, *_) = [
        node["metadata"]["name"]
        for node in cluster.get("nodes", "-l", "!node-role.kubernetes.io/control-plane")
    ]
    with _without_kubeadm(cluster, master, upstream=_UPSTREAM) as sha256:
        serve = "python3 -m http.server 8099 --bind 127.0.0.1 --directory /root/upstream"
        cluster.sh(master, f"systemd-run -q --unit=upstream {serve}; sleep 2")
        try:
            said = cluster.sh(master, "kubequorum-node install-programs 2>&1")
        finally:
            cluster.sh(master, "systemctl stop upstream")
        assert f"came from {_UPSTREAM}" in said
        cluster.sh(master, "systemctl start kubequorum-programs.service")
        assert cluster.sh(master, "ls /var/cache/kubequorum") == ""
    bucket = cluster.outputs("State")["StateBucketArn"].rpartition(":")[2]
    found = cluster.client("s3").list_objects_v2(Bucket=bucket, Prefix="programs/")["Contents"]
    assert [each["Key"] for each in found] == [f"programs/{sha256}"]

    with _without_kubeadm(cluster, worker, upstream=_NOWHERE) as wanted:
        assert wanted == sha256
        said = cluster.sh(worker, "kubequorum-node install-programs 2>&1")
        assert "came from the state bucket" in said
        assert "warning" not in said
        assert cluster.sh(worker, f"sha256sum {_KUBEADM}").split()[0] == sha256
        assert cluster.sh(worker, f"stat -c %a {_KUBEADM}").strip() == "755"
