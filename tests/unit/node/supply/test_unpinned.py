"""What has no checksum is no copy in the bucket."""

import json
from dataclasses import replace

from kubequorum_node.supply import service
from tests.unit.node.fakes import FakeNode
from tests.unit.node.supply.cluster import Cluster, cluster, master, server, with_nodes

__all__ = ["cluster", "master", "server"]


def test_what_has_no_checksum_is_left_to_images(master: FakeNode, cluster: Cluster) -> None:
    """No boot would take it from the bucket; all else is put and named as ever."""
    cluster.artifacts["arm64"] = replace(cluster.artifacts["arm64"], sha256=None)
    with_nodes(master, "amd64", "arm64")
    service.run(master)
    assert {key for key in master.aws.objects if key.startswith("programs/")} == {
        cluster.key("amd64"),
        cluster.key("etcd"),
    }
    assert cluster.server.asked == []
    named = json.loads(master.aws.objects["slots/a/programs.json"])["named"]
    assert set(named) == {cluster.artifacts[name].sha256 for name in ("amd64", "etcd")}
