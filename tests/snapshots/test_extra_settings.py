"""Golden files of a cluster with all extra settings: what reaches kubeadm, kubelet and containerd."""

import json
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from kubequorum.cluster_documents import master_document, worker_document
from kubequorum.config import load_cluster
from kubequorum_node.document import ClusterDocument
from kubequorum_node.kubeadm import configuration
from kubequorum_node.kubernetes import kubelet_settings
from kubequorum_node.runtime import containerd
from tests.unit.node import examples, real
from tests.unit.node.fakes import FakeNode
from tests.unit.node.kubeadm.test_configuration import MASTER

CLUSTER = load_cluster(Path(__file__).parent / "clusters" / "extra-settings.yaml")
KUBEADM = real.program("kubeadm")


class _Golden(SingleFileSnapshotExtension):
    file_extension = "txt"
    _write_mode = WriteMode.TEXT


def _documents() -> dict[str, ClusterDocument]:
    stack = "extra-Workers"
    groups = {group.name: worker_document(CLUSTER, group, stack=stack) for group in CLUSTER.worker_groups}
    return {"masters": master_document(CLUSTER, stack="extra-ControlPlane"), **groups}


def _drop_ins(document: ClusterDocument, folder: Path) -> dict[str, str]:
    """What the node program writes beside its own configuration, by path."""
    node = FakeNode(folder, document=document)
    kubelet_settings.install(node)
    node.runtime.configure(sandbox_image="pause", extra=document.extra.containerd)
    folders = (containerd.DROP_INS, kubelet_settings.FOLDER)
    files = [path for name in folders for path in sorted(node.host.path(name).glob("*"))]
    return {path.relative_to(node.host.path("/")).as_posix(): path.read_text("utf-8") for path in files}


def _kubeadm() -> str:
    return configuration.node_config(_documents()["masters"], replace(MASTER, bootstrap_token=""))


@pytest.mark.parametrize("name", ["masters", "general", "plain"])
def test_drop_ins(name: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """Those of the cluster, with those of the group over them."""
    files = _drop_ins(_documents()[name], tmp_path)
    text = "".join(f"==> /{path}\n{content}" for path, content in files.items())
    assert text == snapshot(extension_class=_Golden), "differs from its golden file: see `make snapshots`"


def test_kubeadm_configuration(snapshot: SnapshotAssertion) -> None:
    """What masters tell kubeadm."""
    assert _kubeadm() == snapshot(extension_class=_Golden), "differs from its golden file"


def test_files_are_what_the_programs_read(tmp_path: Path) -> None:
    """TOML of version 3, and a KubeletConfiguration; mappings are merged, and other groups have their own."""
    general, plain = (_drop_ins(_documents()[name], tmp_path / name) for name in ("general", "plain"))
    toml, _, kubelet = general.values()
    assert tomllib.loads(toml)["version"] == 3
    merged: dict[str, Any] = json.loads(kubelet)
    assert merged["kind"] == "KubeletConfiguration"
    assert merged["evictionHard"] == {"memory.available": "1Gi", "nodefs.available": "10%"}
    assert json.loads(list(plain.values())[2])["evictionHard"]["memory.available"] == "200Mi"


def test_a_change_for_masters_replaces_no_worker() -> None:
    """Flags of the control plane are in the masters' document only, and a group's kubelet in its own."""
    masters = _documents()["masters"]
    for group in CLUSTER.worker_groups:
        document = worker_document(CLUSTER, group, stack="s")
        assert not document.extra.arguments
        assert not document.extra.etcd_environment
        assert "systemReserved" not in document.extra.kubelet
    assert "allowedUnsafeSysctls" not in masters.extra.kubelet
    assert ClusterDocument.from_json(masters.to_json()) == masters


def test_admission_plugins_keep_those_that_the_cluster_needs() -> None:
    """A list replaces the node program's own."""
    flags = _documents()["masters"].extra.arguments["kube-apiserver"]
    assert flags["enable-admission-plugins"] == "NodeRestriction,DenyServiceExternalIPs,AlwaysPullImages"


def test_without_extra_settings_nothing_is_written(tmp_path: Path) -> None:
    """But what is reserved by the host's size. Images may have drop-ins of their own in the same folders."""
    assert list(_drop_ins(examples.DOCUMENT, tmp_path)) == ["etc/kubernetes/kubelet.conf.d/40-reserved.conf"]


def test_containerd_is_restarted_for_another_fragment(tmp_path: Path) -> None:
    """One that the image started has read its configuration already."""
    runtime = FakeNode(tmp_path).runtime
    fragments = ("", "one", "one", "two", "two")
    changes = [runtime.configure(sandbox_image="pause", extra=extra) for extra in fragments]
    assert changes == [True, True, False, True, False]


@pytest.mark.skipif(KUBEADM is None, reason="no real kubeadm: python -m lab.artifacts kubernetes-node")
def test_kubeadm_accepts_it(tmp_path: Path) -> None:
    """The real kubeadm finds no unknown field and no wrong value."""
    file = tmp_path / "kubeadm.yaml"
    file.write_text(_kubeadm(), encoding="utf-8")
    command = [str(KUBEADM), "config", "validate", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ok"), done.stderr
