"""What `up` reads of a cluster file, and how it refuses one."""

from pathlib import Path

import pytest

from kubequorum.addons import addon_set
from kubequorum.config import load_cluster
from kubequorum.config.names import BUILT_IN_ADDONS
from kubequorum_cli.errors import UsageError
from lab import cluster_file
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.images import references
from lab.settings import CHECKOUT
from tests.synthesis import load_variant

GOOD = 'name: small\naccount: "000000000000"\nregion: eu-central-1\n'


def test_name_account_and_region_are_read(tmp_path: Path) -> None:
    """The three keys are strings, the path is absolute; the app checks the other keys."""
    path = tmp_path / "small.yaml"
    path.write_text(GOOD + "zones: [nonsense]\n")
    cluster = cluster_file.read(path)
    assert (cluster.name, cluster.account, cluster.region) == ("small", "000000000000", "eu-central-1")
    assert cluster.path == path


@pytest.mark.parametrize(
    ("section", "version"),
    [
        ("", ""),
        ('kubernetes: {version: "1.37.2"}\n', "1.37.2"),
        ("kubernetes: {}\n", ""),
        ("kubernetes: 1\n", ""),
        ("kubernetes: {version: 1.37}\n", ""),
    ],
)
def test_the_version_of_kubernetes_is_read(tmp_path: Path, section: str, version: str) -> None:
    """Machines have its programs; the app refuses what is no version."""
    path = tmp_path / "small.yaml"
    path.write_text(GOOD + section)
    assert cluster_file.read(path).kubernetes == version


@pytest.mark.parametrize("name", ["local", "dev", "ha"])
def test_the_projects_own_files_are_read(name: str) -> None:
    """Every cluster file in the checkout has the three keys."""
    assert cluster_file.read(CHECKOUT / "clusters" / f"{name}.yaml").name == name


@pytest.mark.parametrize("name", ["local", "dev", "ha"])
def test_machines_have_the_images_of_their_clusters_addons(name: str) -> None:
    """Of those that the app renders for the same file, all that there are images of."""
    path = CHECKOUT / "clusters" / f"{name}.yaml"
    wanted = {BUILT_IN_ADDONS[addon.name] for addon in addon_set(load_cluster(path)).addons}
    images = cluster_file.read(path).addon_images
    assert {IMAGES[image].addon for image in images} == wanted


@pytest.mark.parametrize(
    ("addons", "images"),
    [
        ("", ("metrics-server",)),
        ("addons: {}\n", ("metrics-server",)),
        ("addons: {metrics_server: {version: 1.2.3}}\n", ("metrics-server",)),
        ("addons: {metrics_server: {enabled: false}}\n", ()),
        ("addons: {external_dns: {enabled: true}}\n", ("metrics-server", "external-dns")),
        ("addons: {cluster_autoscaler: {enabled: true}}\n", ("metrics-server", "cluster-autoscaler")),
        (
            "network: {plugin: calico}\n",
            ("metrics-server", "calico-node", "calico-cni", "calico-kube-controllers"),
        ),
        ("network: {plugin: builtin}\n", ("metrics-server",)),
        ("network: [1]\n", ("metrics-server",)),
        ("addons: [1]\n", ("metrics-server",)),
        ("addons: {metrics_server: {enabled: 1}}\n", ("metrics-server",)),
    ],
)
def test_only_images_of_wanted_addons_are_built(tmp_path: Path, addons: str, images: tuple[str, ...]) -> None:
    """A file that does not mention one has the default; the app refuses what is wrong."""
    path = tmp_path / "small.yaml"
    path.write_text(GOOD + addons)
    assert cluster_file.read(path).addon_images == images


def test_images_have_the_tag_that_addons_request() -> None:
    """The default version is the one that is built, on the path that machines' containerd looks for."""
    pods = [
        each["spec"]["template"]["spec"]
        for variant in (
            "calico-local",
            "external-dns",
            "load-balancers",
            "autoscaled",
            "volumes",
            "dashboard",
        )
        for addon in addon_set(load_variant(variant)).addons
        for each in addon.objects
        if each["kind"] in {"DaemonSet", "Deployment"}
    ]
    requested = {
        container["image"]
        for pod in pods
        for container in (*pod.get("initContainers", ()), *pod["containers"])
    }
    assert requested == {
        reference for image in IMAGES.values() if image.addon for reference in references(image)
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD.replace("name: small", "name:"), "name is None"),
        (GOOD.replace('"000000000000"', "123456789012"), "account is 123456789012"),
        (GOOD.replace("region: eu-central-1", ""), "region is None"),
        ("- a list\n", "name is None"),
        ("name: [\n", "line 2"),
        ("name: \udcff\n", "can't decode byte 0xff"),
    ],
)
def test_an_unusable_file_is_refused_with_the_reason(tmp_path: Path, content: str, message: str) -> None:
    """The error names the file and the value, or the place where the YAML is wrong."""
    path = tmp_path / "bad.yaml"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(UsageError) as raised:
        cluster_file.read(path)
    assert str(path) in raised.value.what
    assert message in raised.value.why
    assert raised.value.remedy
