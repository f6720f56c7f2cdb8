"""How CoreDNS is spread; tests/kubernetes has it on real machines."""

import dataclasses
import json
from pathlib import Path

from kubequorum_node.kubernetes import cluster_dns
from tests.unit.node.fakes import FakeNode


def test_replicas_never_share_a_host(tmp_path: Path) -> None:
    """A preference does not suffice: while the first replicas are placed, only one host is Ready."""
    node = FakeNode(tmp_path)
    folder = cluster_dns.write_patches(node)
    (path,) = node.host.path(folder).iterdir()
    # kubeadm knows by the name what is patched, and how.
    assert path.name == "corednsdeployment+strategic.json"
    pod = json.loads(path.read_text(encoding="utf-8"))["spec"]["template"]["spec"]
    (term,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    (budget,) = cluster_dns.objects(node)
    assert budget["spec"]["selector"] == term["labelSelector"]


def test_a_cluster_with_one_master_has_them_where_there_is_place(tmp_path: Path) -> None:
    """It may have a single host; a second replica with nowhere to go would be Pending for ever."""
    node = FakeNode(tmp_path)
    slots = node.document.etcd.slots  # type: ignore[union-attr]
    alone = dataclasses.replace(node.etcd_spec, slots={"a": slots["a"]})
    node.document = dataclasses.replace(node.document, etcd=alone)
    assert cluster_dns.write_patches(node) == ""
    assert cluster_dns.objects(node) == []
