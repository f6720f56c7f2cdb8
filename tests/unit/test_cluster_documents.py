"""cluster.json: what instances need of the cluster file, and nothing else."""

from kubequorum.cluster_documents import master_document, worker_document
from kubequorum.config import Cluster, load_cluster
from kubequorum_node.document import ClusterDocument
from tests.synthesis import REPOSITORY

GIB = 1 << 30


def _cluster() -> Cluster:
    return load_cluster(REPOSITORY / "clusters" / "ha.yaml")


def test_masters_know_all_slots() -> None:
    """Zone and name of each, by the cluster file."""
    etcd = master_document(_cluster(), stack="ha-ControlPlane").etcd
    assert etcd is not None
    assert {slot: found.availability_zone for slot, found in etcd.slots.items()} == _cluster().slots
    assert etcd.slots["b"].etcd_name == "etcd-b.ha.kubequorum.internal"
    assert etcd.quota_bytes == 8 * GIB


def test_quota_of_a_small_volume_leaves_room_for_defragmentation() -> None:
    """Which makes a copy of the database."""
    cluster = load_cluster(REPOSITORY / "clusters" / "local.yaml")
    etcd = master_document(cluster, stack="local-ControlPlane").etcd
    assert etcd is not None
    assert etcd.quota_bytes == 2 * GIB


def test_a_change_to_a_worker_group_does_not_replace_masters() -> None:
    """Nor the workers of another group: their documents, and so their bundles, stay the same."""
    before = _cluster()
    document = before.model_dump(mode="json")
    document["worker_groups"][1]["labels"] = {"workload": "other"}
    after = Cluster.model_validate(document)
    assert master_document(before, stack="s") == master_document(after, stack="s")
    general, batch = before.worker_groups
    assert worker_document(before, general, stack="s") == worker_document(
        after, after.worker_groups[0], stack="s"
    )
    assert worker_document(before, batch, stack="s") != worker_document(
        after, after.worker_groups[1], stack="s"
    )


def test_document_survives_writing_and_reading() -> None:
    """cluster.json holds everything."""
    cluster = _cluster()
    for document in (
        master_document(cluster, stack="s"),
        *(worker_document(cluster, group, stack="s") for group in cluster.worker_groups),
    ):
        assert ClusterDocument.from_json(document.to_json()) == document
