"""Data of another cluster, encrypted with its key, on a real API server that has a key of its own."""

import base64
import subprocess
from pathlib import Path

from kubequorum_node.host import Result
from kubequorum_node.kubernetes.api_server import KUBECTL
from kubequorum_node.restore import adoption
from lab.artifacts import ensure
from tests.api_server.servers import ADMINISTRATOR, ApiServer, running
from tests.backup.etcds import Cluster
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd

THEIRS, OURS = (base64.b64encode(letter * 32).decode() for letter in (b"t", b"o"))
SECRETS, VOLUMES = "/api/v1/namespaces/default/secrets", "/api/v1/persistentvolumes"
TOKEN = "kubernetes.io/service-account-token"
OBJECTS = (
    (SECRETS, {"metadata": {"name": "jewel"}, "stringData": {"carat": "5"}, "immutable": True}),
    ("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "robot"}}),
    (
        SECRETS,
        {
            "metadata": {
                "name": "long-lived",
                "annotations": {"kubernetes.io/service-account.name": "robot"},
            },
            "type": TOKEN,
            "stringData": {"token": "theirs", "namespace": "default"},
        },
    ),
    (
        VOLUMES,
        {
            "metadata": {"name": "disk"},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Delete",
                "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-0fedcba9876543210"},
            },
        },
    ),
)


def test_data_of_another_cluster_become_this_ones(tmp_path: Path) -> None:
    """Both keys have one name. When all is written again, it works without the other cluster's key.

    One that cannot decrypt a single Secret or ConfigMap never becomes ready.
    """
    for name in ("theirs", "ours", "alone"):
        (tmp_path / name).mkdir()
    data = Cluster(tmp_path / "data").start()
    try:
        with running(tmp_path / "theirs", keys=(THEIRS,), data=data) as server:
            for path, body in OBJECTS:
                reply = server.post(path, body)
                assert reply.status == 201, reply
            before = server.stored("secrets/default/jewel")
        with running(tmp_path / "ours", keys=(OURS, THEIRS), data=data) as server:
            assert _data(server, "jewel") == {"carat": "NQ=="}
            _adopt(tmp_path / "host", server)
            assert server.stored("secrets/default/jewel") != before
            volume = server.ask("GET", f"{VOLUMES}/disk").body
            assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
        with running(tmp_path / "alone", keys=(OURS,), data=data) as server:
            assert _data(server, "jewel") == {"carat": "NQ=="}
            assert "token" not in _data(server, "long-lived"), "the controller manager makes another one"
    finally:
        data.stop()


def _data(server: ApiServer, name: str) -> dict[str, str]:
    return dict(server.ask("GET", f"{SECRETS}/{name}").body["data"])


def _adopt(folder: Path, server: ApiServer) -> None:
    """Do what a master does, with the real kubectl."""
    node = FakeNode(folder)
    etcd = SimulatedEtcd(node)
    etcd.keys[adoption.NOTE] = "1"
    kubectl = str(ensure(["kubernetes-node"]).programs["kubectl"])
    access = (
        f"--server=https://127.0.0.1:{server.port}",
        f"--certificate-authority={server.folder / 'serving/apiserver.crt'}",
        f"--token={ADMINISTRATOR}",
        f"--cache-dir={folder / 'cache'}",
    )

    def run(command: tuple[str, ...], stdin: str | None) -> Result:
        asked = [word for word in command[1:] if not word.startswith(("--kubeconfig=", "--server="))]
        done = subprocess.run(
            [kubectl, *access, *asked], check=False, input=stdin, capture_output=True, text=True
        )
        return Result(done.returncode, done.stdout, done.stderr)

    node.host.on(KUBECTL, run)
    adoption.finish(node)
    assert etcd.keys == {}, "not all of it is done"
