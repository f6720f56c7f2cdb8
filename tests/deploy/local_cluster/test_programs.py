"""Copies of programs with the policies of a deployment: what masters put is what workers take."""

from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.state_store import StateStore
from kubequorum_node.supply import service
from kubequorum_node.system import programs
from tests.deploy.deployment import Deployment
from tests.deploy.local_cluster.test_permissions import role_of_master, role_of_worker
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.supply.cluster import Cluster, cluster, server, with_nodes
from tests.unit.node.system.downloads import KUBELET

__all__ = ["cluster", "server"]
pytestmark = pytest.mark.deploy


def test_masters_put_and_workers_take(
    deployment: Deployment, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two masters, a damaged copy, a worker without upstream: simulated hosts, roles and clients of AWS."""
    s3 = deployment.client("s3")
    bucket = deployment.outputs("State")["StateBucketArn"].rpartition(":")[2]

    def node_of(name: str, role: str, **values: Any) -> FakeNode:
        client = deployment.client_with_rights_of(role, "s3")
        keys = client._request_signer._credentials
        for variable, value in {
            "AWS_ENDPOINT_URL": client.meta.endpoint_url,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_SESSION_TOKEN": keys.token,
        }.items():
            monkeypatch.setenv(variable, value)
        node = FakeNode(tmp_path / name, **values)
        node.store = StateStore(Aws(client.meta.region_name, clock=node.clock), bucket, clock=node.clock)
        with_nodes(node, "amd64", "arm64")
        return node

    try:
        master = node_of("master", role_of_master(deployment, "a"))
        programs.install(master)
        service.run(master)
        damaged = {"Bucket": bucket, "Key": cluster.key("amd64")}
        s3.delete_object(**damaged)
        s3.put_object(**damaged, Body=b"damaged", IfNoneMatch="*")
        cluster.server.asked.clear()
        other = node_of("other", role_of_master(deployment, "a"))
        programs.install(other)
        assert cluster.server.asked == ["/amd64"]
        service.run(other)
        cluster.server.files.clear()
        values = {"config": examples.WORKER_CONFIG, "document": examples.WORKER_DOCUMENT}
        worker = node_of("worker", role_of_worker(deployment), **values)
        programs.install(worker)
        assert worker.host.path("/usr/local/bin/amd64").read_bytes() == KUBELET
        assert cluster.server.asked == ["/amd64"]
        put = s3.list_objects_v2(Bucket=bucket, Prefix="programs/")["Contents"]
        assert {each["Key"] for each in put} == {cluster.key(name) for name in ("amd64", "arm64", "etcd")}
    finally:
        # The other tests of this deployment only read it.
        for key in (*map(cluster.key, cluster.artifacts), "slots/a/programs.json"):
            s3.delete_object(Bucket=bucket, Key=key)
