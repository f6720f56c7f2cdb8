"""Masters put into the bucket what the cluster's images lack: once, intact, for every architecture in use."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kubequorum_node import services
from kubequorum_node.addon_set import Addon, Package
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Result
from kubequorum_node.supervision.unit import Phase
from kubequorum_node.supply import service
from kubequorum_node.system import lockfile, programs
from kubequorum_node.system.object_packages import Packages
from tests.unit.node.fakes import FakeNode
from tests.unit.node.supply.cluster import KUBECTL, Cluster, cluster, master, server, with_nodes
from tests.unit.node.system.downloads import KUBELET, artifact_at

__all__ = ["cluster", "master", "server"]

INDEX = "slots/a/programs.json"


def _kept(node: FakeNode) -> list[Path]:
    return list(node.host.path("/var/cache/kubequorum").iterdir())


def _copies(node: FakeNode) -> dict[str, bytes]:
    return {key: body for key, body in node.aws.objects.items() if key.startswith("programs/")}


def test_what_a_boot_downloaded_is_put_and_not_downloaded_again(master: FakeNode, cluster: Cluster) -> None:
    """On the condition that it is not there yet, and the disk gets its space back."""
    service.run(master)
    assert _copies(master) == {cluster.key(name): cluster.content(name) for name in ("amd64", "etcd")}
    assert cluster.server.asked == []
    assert _kept(master) == []
    written = [put for put in master.aws.asked("put_object") if put["Key"].startswith("programs/")]
    assert [put["IfNoneMatch"] for put in written] == ["*", "*"]
    service.run(master)
    assert cluster.server.asked == []


def test_the_next_master_needs_no_upstream(master: FakeNode, cluster: Cluster, tmp_path: Path) -> None:
    """What one put is what the other's boot takes, and leaves as it is."""
    service.run(master)
    successor = FakeNode(tmp_path / "successor")
    successor.aws.objects = master.aws.objects
    cluster.server.files.clear()
    programs.install(successor)
    assert successor.host.path("/usr/local/bin/amd64").read_bytes() == KUBELET
    assert cluster.server.asked == []
    with_nodes(successor, "amd64")
    before = dict(successor.aws.objects)
    service.run(successor)
    assert successor.aws.objects == before


def test_a_workers_architecture_gets_what_workers_need(master: FakeNode, cluster: Cluster) -> None:
    """The masters' own programs are not for workers; what is no architecture of the lock file is ignored."""
    with_nodes(master, "amd64", "arm64", "arm64", "s390x", "")
    service.run(master)
    assert set(_copies(master)) == {cluster.key(name) for name in ("amd64", "etcd", "arm64")}
    assert master.aws.objects[cluster.key("arm64")] == b"kubelet of arm64"
    assert cluster.server.asked == ["/arm64"]
    assert set(json.loads(master.aws.objects[INDEX])["named"]) == {
        key.removeprefix("programs/") for key in _copies(master)
    }


def test_an_image_that_has_everything_puts_nothing(node: FakeNode, cluster: Cluster) -> None:
    """Nor for others: whoever builds such images has one for each architecture, and perhaps no upstream."""
    service.run(node)
    assert node.aws.objects == {}
    assert cluster.server.asked == []
    assert node.aws.asked("put_object") == []


def test_what_the_image_has_is_not_put(node: FakeNode, cluster: Cluster) -> None:
    """All machines of an architecture have one image."""
    etcd = node.host.path("/usr/local/bin/etcd")
    etcd.parent.mkdir(parents=True)
    etcd.touch()
    cluster.artifacts["etcd"] = replace(cluster.artifacts["etcd"], version_command=("etcd", "--version"))
    node.host.on(f"{etcd} --version", "1.36.3")
    programs.install(node)
    with_nodes(node, "amd64")
    service.run(node)
    assert set(_copies(node)) == {cluster.key("amd64")}


def test_nothing_is_put_before_a_turn(master: FakeNode) -> None:
    """A boot only reads: it must not wait for an upload."""
    assert _copies(master) == {}
    assert master.aws.asked("put_object") == []


def test_two_masters_that_put_at_once(master: FakeNode, cluster: Cluster) -> None:
    """The second one's write is refused, and it is content: nothing is overwritten or left over."""
    key = cluster.key("amd64")
    master.aws.first("put_object", lambda: None)  # the slot's index
    master.aws.first("put_object", lambda: master.aws.objects.__setitem__(key, KUBELET))
    service.run(master)
    assert set(_copies(master)) == {cluster.key("amd64"), cluster.key("etcd")}
    assert _kept(master) == []


def test_a_copy_that_another_master_put_during_the_boot_stays(master: FakeNode, cluster: Cluster) -> None:
    """Looked at, because a boot downloads also what is damaged, and found intact."""
    master.aws.objects[cluster.key("amd64")] = KUBELET
    service.run(master)
    assert master.aws.asked("delete_objects") == []
    assert _kept(master) == []


def test_a_damaged_copy_is_put_again(master: FakeNode, cluster: Cluster) -> None:
    """The bucket refuses to overwrite it, so it is deleted first; nobody downloads anything."""
    master.aws.objects[cluster.key("amd64")] = b"damaged"
    service.run(master)
    assert master.aws.objects[cluster.key("amd64")] == KUBELET
    assert cluster.server.asked == []


def test_an_upload_that_crashes_is_repeated(master: FakeNode, cluster: Cluster) -> None:
    """An object appears as a whole or not at all, and the download is kept until it has."""

    def crash() -> None:
        raise KeyboardInterrupt

    master.aws.first("put_object", lambda: None)  # the slot's index
    master.aws.first("put_object", crash)
    with pytest.raises(KeyboardInterrupt):
        service.run(master)
    assert _copies(master) == {}
    assert len(_kept(master)) == 2
    service.run(master)
    assert set(_copies(master)) == {cluster.key("amd64"), cluster.key("etcd")}
    assert cluster.server.asked == []


@pytest.mark.parametrize("after_index", [True, False])
def test_a_bucket_that_refuses_fails_the_turn(master: FakeNode, cluster: Cluster, after_index: bool) -> None:
    """The others are put nevertheless; the next turn puts the rest."""
    if after_index:
        master.aws.first("put_object", lambda: None)
    master.aws.fail("put_object", "AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        service.run(master)
    assert len(_copies(master)) == (1 if after_index else 0)
    service.run(master)
    assert len(_copies(master)) == 2


def test_a_kept_download_that_is_damaged_is_not_put(master: FakeNode, cluster: Cluster) -> None:
    """Upstream is asked again."""
    programs.kept_download(master, cluster.artifacts["amd64"]).write_bytes(b"damaged on the disk")
    service.run(master)
    assert master.aws.objects[cluster.key("amd64")] == KUBELET
    assert cluster.server.asked == ["/amd64"]
    assert _kept(master) == []


def test_an_upstream_that_is_away_is_asked_once(master: FakeNode, cluster: Cluster) -> None:
    """What this master has is put before, although the lock file names it later."""
    cluster.server.files.pop("/amd64")
    cluster.server.files.pop("/arm64")
    programs.kept_download(master, cluster.artifacts["amd64"]).unlink()
    with_nodes(master, "amd64", "arm64")
    with pytest.raises(NodeError, match="amd64 cannot be downloaded"):
        service.run(master)
    assert set(_copies(master)) == {cluster.key("etcd")}
    assert cluster.server.asked == ["/amd64"]


def test_without_the_api_other_architectures_wait(master: FakeNode, cluster: Cluster) -> None:
    """What the master's own architecture lacks does not depend on it."""
    master.host.on(KUBECTL, Result(1, "", "no connection"))
    service.run(master)
    assert set(_copies(master)) == {cluster.key("amd64"), cluster.key("etcd")}


def _age(node: FakeNode, key: str, *, days: int) -> None:
    node.aws.written[key] = datetime.fromtimestamp(node.clock.wall_time(), UTC) - timedelta(days=days)


def test_a_turn_deletes_what_is_unused(master: FakeNode, cluster: Cluster) -> None:
    """Of two copies that are a year old, the one that no lock file in use names."""
    unused = f"programs/{'0' * 64}"
    master.aws.objects |= {unused: b"old", cluster.key("amd64"): KUBELET}
    _age(master, unused, days=365)
    _age(master, cluster.key("amd64"), days=365)
    service.run(master)
    assert set(_copies(master)) == {cluster.key("amd64"), cluster.key("etcd")}


def test_an_update_leaves_the_others_what_they_need(master: FakeNode, tmp_path: Path) -> None:
    """Slot b still has the release before: its master said so today."""
    other = f"programs/{'1' * 64}"
    master.aws.objects[other] = b"of the release before"
    _age(master, other, days=365)
    today = datetime.fromtimestamp(master.clock.wall_time(), UTC).date()
    index = {"version": 1, "named": {"1" * 64: today.isoformat()}}
    master.aws.objects["slots/b/programs.json"] = json.dumps(index).encode()
    service.run(master)
    assert other in master.aws.objects
    master.clock.seconds += 31 * 86400
    service.run(master)
    assert other not in master.aws.objects


def test_the_service_is_for_masters_in_service() -> None:
    """A worker may only read, and a boot must neither wait for it nor fail with it."""
    (unit,) = [unit for unit in services.units(is_master=True) if unit.name == "kubequorum-programs"]
    assert unit.phase is Phase.IN_SERVICE
    assert unit not in services.units(is_master=False)


def test_architectures_are_those_of_the_lock_file() -> None:
    """Every download has all of them, and no other one."""
    lock = json.loads(lockfile.LOCK_FILE.read_text(encoding="utf-8"))
    found = {
        tuple(sorted(of_version))
        for artifact in lock["artifacts"].values()
        for of_version in artifact["versions"].values()
    }
    assert found == {lockfile.ARCHITECTURES}


def test_packages_of_addons_are_put_and_named(master: FakeNode, cluster: Cluster) -> None:
    """Like programs that the image lacks: whoever could not put one at once leaves it to this turn."""
    content = b"kind: ConfigMap"
    cluster.server.files["/crds.yaml"] = content
    artifact = artifact_at(f"{cluster.server.url}/crds.yaml", content)
    package = Package(name="kinds", version="1", url=artifact.url, sha256=artifact.checksum)
    Packages(master).use([Addon(name="web", version="1", objects=(), packages=(package,))])
    service.run(master)
    assert _copies(master)[f"programs/{artifact.sha256}"] == content
    assert artifact.sha256 in json.loads(master.aws.objects[INDEX])["named"]
