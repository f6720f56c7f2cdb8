"""Packages of addons: from the image, the state bucket or upstream, and never another file than they name."""

import hashlib
from pathlib import Path

import pytest

from kubequorum_node.addon_set import Addon, Package
from kubequorum_node.errors import NodeError
from kubequorum_node.system import object_packages
from kubequorum_node.system.object_packages import IN_IMAGE, PackageError, Packages
from tests.unit.node.fakes import FakeNode
from tests.unit.node.system.downloads import Server, server

__all__ = ["server"]

KINDS = b"""---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: own}
---
"""
OWN = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
SUM = hashlib.sha256(KINDS).hexdigest()
KEY = f"programs/{SUM}"


@pytest.fixture
def addon(server: Server) -> Addon:
    """An addon with a package, which upstream has."""
    server.files["/crds.yaml"] = KINDS
    package = Package(name="kinds", version="1.0.0", url=f"{server.url}/crds.yaml", sha256=SUM)
    return Addon(name="web", version="1", objects=(OWN,), packages=(package,))


def _names(packages: Packages, addon: Addon) -> list[str]:
    return [each["metadata"]["name"] for each in packages.objects_of(addon)]


def test_upstreams_file_is_put_into_the_bucket_at_once(node: FakeNode, addon: Addon, server: Server) -> None:
    """Once, and opened once: what vanishes upstream afterwards stops nobody."""
    packages = Packages(node)
    assert _names(packages, addon) == ["things.example.com", "own", "web"]
    assert node.aws.objects[KEY] == KINDS
    (put,) = [put for put in node.aws.asked("put_object") if put["Key"] == KEY]
    assert put["IfNoneMatch"] == "*"
    assert _names(packages, addon) == ["things.example.com", "own", "web"]
    assert server.asked == ["/crds.yaml"]


def test_the_buckets_copy_comes_before_upstream(node: FakeNode, addon: Addon, server: Server) -> None:
    """Another master has put it there."""
    node.aws.objects[KEY] = KINDS
    assert _names(Packages(node), addon) == ["things.example.com", "own", "web"]
    assert server.asked == []


def test_the_images_file_comes_before_the_bucket(node: FakeNode, addon: Addon, server: Server) -> None:
    """Nothing is asked for, and nothing has to be in the bucket."""
    node.host.write(f"{IN_IMAGE}/{SUM}", KINDS.decode())
    packages = Packages(node)
    packages.use([addon])
    assert _names(packages, addon) == ["things.example.com", "own", "web"]
    assert server.asked == []
    assert KEY not in node.aws.objects
    assert object_packages.lacked(node) == []


@pytest.mark.parametrize("place", ["image", "bucket"])
def test_a_damaged_file_is_not_used(node: FakeNode, addon: Addon, server: Server, place: str) -> None:
    """Upstream has the right one."""
    if place == "image":
        node.host.write(f"{IN_IMAGE}/{SUM}", "kind: Evil\n")
    else:
        node.aws.objects[KEY] = b"kind: Evil\n"
    assert _names(Packages(node), addon) == ["things.example.com", "own", "web"]
    assert server.asked == ["/crds.yaml"]


def test_another_file_upstream_is_refused(node: FakeNode, addon: Addon, server: Server) -> None:
    """With both sums; nobody gets it."""
    server.files["/crds.yaml"] = b"kind: Evil\n"
    with pytest.raises(NodeError, match=SUM):
        Packages(node).objects_of(addon)
    assert KEY not in node.aws.objects


def test_a_package_that_cannot_be_had_is_asked_for_once_a_minute(
    node: FakeNode, addon: Addon, server: Server
) -> None:
    """A turn asks for it several times, and each attempt may take a minute."""
    server.files.clear()
    packages = Packages(node)
    for _ in range(3):
        with pytest.raises(NodeError):
            packages.objects_of(addon)
    assert server.asked == ["/crds.yaml"]
    node.clock.seconds += 61
    server.files["/crds.yaml"] = KINDS
    assert _names(packages, addon) == ["things.example.com", "own", "web"]


def test_a_bucket_that_fails_does_not_stop_it(node: FakeNode, addon: Addon) -> None:
    """The hourly turn of the programs puts it there later: it is remembered as one that the image lacks."""
    node.aws.fail("put_object", "AccessDenied", times=9)
    packages = Packages(node)
    packages.use([addon])
    assert _names(packages, addon) == ["things.example.com", "own", "web"]
    (lacking,) = object_packages.lacked(node)
    assert (lacking.sha256, lacking.url) == (SUM, addon.packages[0].url)
    packages.use([])
    assert object_packages.lacked(node) == []


@pytest.mark.parametrize("content", [b"a: [", b"just text", b"apiVersion: v1\nkind: ConfigMap\n"])
def test_what_is_no_object_is_refused(addon: Addon, content: bytes) -> None:
    """Although its sum is right."""
    with pytest.raises(PackageError, match=addon.packages[0].url):
        object_packages.parse(content, addon.packages[0])


def test_a_damaged_list_of_packages_is_taken_for_empty(tmp_path: Path) -> None:
    """It only says what else belongs into the bucket."""
    node = FakeNode(tmp_path)
    node.host.write("/var/lib/kubequorum/packages-not-in-image.json", '[{"name": 1}]')
    assert object_packages.lacked(node) == []
