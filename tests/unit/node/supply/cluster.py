"""A cluster whose images lack programs, for tests of their copies: its fixtures are imported by name."""

import json
from typing import Any

import pytest

from kubequorum_node.system import lockfile, programs
from kubequorum_node.system.lockfile import Artifact
from tests.unit.node.fakes import FakeNode
from tests.unit.node.system.downloads import KUBELET, Server, artifact_at, server

__all__ = ["server"]

KUBECTL = "/usr/local/bin/kubectl"


class Cluster:
    """A lock file with kubelet for both architectures and etcd for masters, all of them upstream."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.artifacts: dict[str, Artifact] = {}
        for name, content in {"amd64": KUBELET, "arm64": b"kubelet of arm64", "etcd": b"etcd"}.items():
            server.files[f"/{name}"] = content
            install = {"install": {name: f"/usr/local/bin/{name}"}, "name": name}
            self.artifacts[name] = artifact_at(f"{server.url}/{name}", content, **install)

    def needed(
        self, version: str, *, architecture: str, master: bool, runtime: Any, further: Any
    ) -> list[Artifact]:
        """As lockfile.needed: of masters, their etcd, too, and what the cluster file asks for besides."""
        assert (version, runtime) == ("1.36.3", ("containerd", "runc"))
        names = [architecture, *(["etcd"] if master else []), *further]
        return [self.artifacts[name] for name in names]

    def key(self, name: str) -> str:
        """In the state bucket."""
        return f"programs/{self.artifacts[name].sha256}"

    def content(self, name: str) -> bytes:
        """What upstream has."""
        return self.server.files[f"/{name}"]


@pytest.fixture
def cluster(server: Server, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Its lock file is everybody's."""
    found = Cluster(server)
    monkeypatch.setattr(lockfile, "needed", found.needed)
    return found


def with_nodes(node: FakeNode, *architectures: str) -> None:
    """Let the API have Nodes of these architectures."""
    items = [{"status": {"nodeInfo": {"architecture": each}}} for each in architectures]
    node.host.on(KUBECTL, json.dumps({"items": items}))


@pytest.fixture
def master(node: FakeNode, cluster: Cluster) -> FakeNode:
    """A master whose image has nothing, after its boot; all nodes have its architecture."""
    programs.install(node)
    with_nodes(node, "amd64")
    cluster.server.asked.clear()
    return node
