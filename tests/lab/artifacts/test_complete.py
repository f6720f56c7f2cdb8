"""Everything, for real: built or downloaded into the cache of this machine, then run.

Minutes with an empty cache, seconds with a filled one.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubequorum.versions import DEFAULT_ETCD_VERSION
from kubequorum_node.kubeadm.cluster_configuration import API_VERSION
from lab.artifacts import Paths, ensure, to_stderr
from lab.artifacts.cache import Cache
from lab.artifacts.digest import tree_bytes
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.images import references
from lab.artifacts.kubernetes_versions import OTHER_MODULES
from lab.artifacts.releases import read_lock
from lab.artifacts.settings import Settings
from lab.artifacts.space import MAX_CACHE_BYTES

pytestmark = [
    pytest.mark.artifacts,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make the machine root"),
    pytest.mark.xdist_group("artifacts"),
]

MIB = 1 << 20


@pytest.fixture(scope="module")
def everything() -> Paths:
    """Provide all artifacts in this computer's cache."""
    return ensure(["all"], to_stderr)


def _output(*command: str | Path) -> str:
    """The output of a command that must succeed, of either stream."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_every_artifact_reports_its_pinned_version(everything: Paths) -> None:
    """The version command of the lock file, run on what is installed, prints the lock file's version."""
    lock = read_lock()
    architecture = Settings.from_environment().architecture
    for name in lock.artifacts:
        release = lock.release(
            name, kubernetes_version=lock.default_kubernetes_version, architecture=architecture
        )
        program, *arguments = release.version_command
        said = _output(everything.node_files[release.install[program]], *arguments)
        assert re.search(rf"(?<![\d.])v?{re.escape(release.version)}(?![\d.])", said), said


@pytest.mark.parametrize(
    "program", ["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"]
)
def test_control_plane_reports_its_version(everything: Paths, program: str) -> None:
    """What goes into the images is stamped too."""
    assert _output(everything.programs[program], "--version") == "Kubernetes v1.36.3\n"


def test_images_are_those_that_kubeadm_requests(everything: Paths, tmp_path: Path) -> None:
    """Every image that the built kubeadm lists is there under that very name."""
    listed = _requested(everything.programs["kubeadm"], read_lock().default_kubernetes_version, tmp_path)
    assert listed <= {reference for image in IMAGES.values() for reference in references(image)}


@pytest.mark.parametrize("version", OTHER_MODULES)
def test_images_of_another_version_are_those_that_its_kubeadm_requests(version: str, tmp_path: Path) -> None:
    """Under their names, with the version inside."""
    programs = ensure(["kubernetes-node", "kubernetes-control-plane"], to_stderr, kubernetes=version).programs
    listed = _requested(programs["kubeadm"], version, tmp_path)
    there = {name for image in IMAGES.values() for name in references(image, kubernetes=version)}
    assert listed <= there
    assert _output(programs["kube-apiserver"], "--version") == f"Kubernetes v{version}\n"


def _requested(kubeadm: Path, version: str, folder: Path) -> set[str]:
    """What kubeadm would pull, with the version of etcd that masters run, which does not follow it."""
    configuration = {
        "apiVersion": API_VERSION,
        "kind": "ClusterConfiguration",
        "kubernetesVersion": f"v{version}",
        "etcd": {"local": {"imageTag": f"{DEFAULT_ETCD_VERSION}-0"}},
    }
    (folder / "config.yaml").write_text(json.dumps(configuration))
    listed = _output(kubeadm, "config", "images", "list", "--config", folder / "config.yaml").split()
    assert len(listed) == 7
    return set(listed)


def test_root_is_debian_13_and_small(everything: Paths) -> None:
    """The root has the programs that a machine needs, and nothing of the machine that made it."""
    root = everything.root
    assert root is not None
    release = (root / "etc" / "os-release").read_text(encoding="utf-8")
    assert "VERSION_CODENAME=trixie\n" in release
    for command in ("systemctl", "cloud-init", "python3", "curl", "nft", "iptables", "mkfs.ext4", "losetup"):
        _output("chroot", root, "sh", "-c", f"command -v {command}")
    for leftover in ("etc/resolv.conf", "etc/hostname", "etc/apt/sources.list"):
        assert not os.path.lexists(root / leftover)
    assert tree_bytes(root) <= 650 * MIB


def test_root_whose_maker_is_killed_leaves_no_mount_and_no_process(tmp_path: Path) -> None:
    """SIGKILL while packages are being unpacked: no mount, no process, and the lock is free."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.artifacts", "--build", "root"],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "KUBEQUORUM_CACHE_DIR": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not list(tmp_path.glob("artifacts/staging/*/content/usr/bin/dpkg")):
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    with Cache(tmp_path / "artifacts").lock(to_stderr):
        # The lock was free, so every process of the build is gone, and their mount namespace with them.
        assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")
        assert not (tmp_path / "artifacts" / "staging").exists()
    assert not (tmp_path / "artifacts" / "roots").exists()


def test_cache_is_within_its_limit(everything: Paths) -> None:
    """What is kept is not more than what is promised, and Go's caches are gone."""
    assert everything.root is not None
    cache = Settings.from_environment().cache_dir / "artifacts"
    assert tree_bytes(cache) <= MAX_CACHE_BYTES
    assert not (cache / "go").exists()


def test_kube_proxy_image_has_what_it_runs(everything: Paths, tmp_path: Path) -> None:
    """In the unpacked image nft and iptables change a network namespace's rules, and kube-proxy starts."""
    image = _unpack_image(everything.images["kube-proxy"], tmp_path)
    enter = ("unshare", "--net", "chroot", image)
    masquerade = "/usr/sbin/iptables -t nat -A POSTROUTING -m comment --comment x -j MASQUERADE"
    _output(
        *enter,
        "/usr/sbin/nft",
        "add table ip probe; add chain ip probe c { type nat hook output priority 0; }",
    )
    _output(*enter, *masquerade.split())
    assert _output(*enter, "/usr/local/bin/kube-proxy", "--version") == "Kubernetes v1.36.3\n"


def _unpack_image(archive: Path, folder: Path) -> Path:
    root = folder / "image"
    with tarfile.open(archive) as tar:
        stream = tar.extractfile(max(tar.getmembers(), key=lambda member: member.size))
        assert stream is not None
        with tarfile.open(fileobj=stream) as layer:
            layer.extractall(root, filter="tar")
    return root


CONTAINERD_CONFIG = """version = 3
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images",
]
[grpc]
address = "{folder}/socket"
[ttrpc]
address = "{folder}/ttrpc"
"""


@pytest.fixture
def ctr(everything: Paths, tmp_path: Path) -> Iterator[tuple[str | Path, ...]]:
    """Run the cached containerd in folders of its own; give the start of a `ctr` command line."""
    config = tmp_path / "config.toml"
    config.write_text(CONTAINERD_CONFIG.format(folder=tmp_path), encoding="utf-8")
    command = (everything.programs["ctr"], "--address", str(tmp_path / "socket"), "--namespace", "k8s.io")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([everything.programs["containerd"], "--config", config], stderr=log)
    try:
        while subprocess.run([*command, "version"], capture_output=True, check=False).returncode != 0:
            assert process.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
            time.sleep(0.05)
        yield command
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_containerd_imports_every_built_image(everything: Paths, ctr: tuple[str | Path, ...]) -> None:
    """The cached ctr imports and unpacks every archive, and knows each under all of its names."""
    for archive in everything.images.values():
        _output(*ctr, "images", "import", archive)
    # On standard output alone: on the other stream containerd may warn about this machine's cgroups.
    listed = subprocess.run(
        [*ctr, "images", "list", "--quiet"], stdout=subprocess.PIPE, text=True, check=True
    )
    assert set(listed.stdout.split()) == {
        reference for image in IMAGES.values() if not image.is_mirrored for reference in references(image)
    }
    checked = _output(*ctr, "images", "check")
    assert checked.count("complete (2/2)") == len(listed.stdout.split()), checked


def test_netprobe_serves_and_requests(everything: Paths) -> None:
    """The test program answers its host name, fetches it, looks names up, and fails where it should."""
    netprobe = everything.programs["netprobe"]
    server = subprocess.Popen(
        [netprobe, "serve", "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True
    )
    try:
        port = _listening_port(server)
        asked = subprocess.run(
            [netprobe, "get", f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True
        )
        assert asked.stdout.strip() == os.uname().nodename
    finally:
        server.terminate()
        server.communicate()
    assert server.returncode == 0
    refused = subprocess.run([netprobe, "get", f"http://127.0.0.1:{port}/"], capture_output=True, check=False)
    assert refused.returncode == 1
    found = subprocess.run([netprobe, "lookup", "localhost"], capture_output=True, text=True, check=True)
    assert "127.0.0.1" in found.stdout.split()


def _listening_port(server: "subprocess.Popen[str]") -> int:
    """Read the port that a process of ours got from the kernel."""
    assert server.stderr is not None
    line = server.stderr.readline()
    assert line.startswith("listening on "), line
    return int(line.rpartition(":")[2])
