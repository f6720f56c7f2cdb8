"""Programs: kept if the image has them, else fetched, and never with another sum than the lock file's."""

import hashlib
import io
import tarfile
from dataclasses import replace
from typing import Any

import pytest

from kubequorum.versions import DEFAULT_KUBERNETES_VERSION, SUPPORTED_KUBERNETES_VERSIONS
from kubequorum_node import image_credentials
from kubequorum_node.boot.steps import install_programs
from kubequorum_node.host import Result
from kubequorum_node.runtime.containerd import Containerd
from kubequorum_node.system import lockfile, programs
from kubequorum_node.system.download import ChecksumError, DownloadError
from kubequorum_node.system.lockfile import Artifact, LockFileError, UnpinnedError
from tests.unit.node.fakes import FakeNode
from tests.unit.node.system.downloads import KUBELET, Server, artifact_at, server

__all__ = ["server"]

RUNTIME = Containerd.artifacts


def _install(node: FakeNode, monkeypatch: pytest.MonkeyPatch, artifact: Artifact) -> None:
    monkeypatch.setattr(lockfile, "needed", lambda *_, **__: [artifact])
    programs.install(node)


def test_missing_programs_are_downloaded_and_executable(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the path of the lock file, executable."""
    server.files["/kubelet"] = KUBELET
    _install(node, monkeypatch, artifact_at(f"{server.url}/kubelet", KUBELET))
    installed = node.host.path("/usr/local/bin/kubelet")
    assert installed.read_bytes() == KUBELET
    assert installed.stat().st_mode & 0o777 == 0o755


def test_programs_of_the_image_in_the_right_version_stay(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program itself is asked for its version."""
    installed = node.host.path("/usr/local/bin/kubelet")
    installed.parent.mkdir(parents=True)
    installed.touch()
    node.host.on(f"{installed} --version", "Kubernetes v1.36.3\n")
    _install(node, monkeypatch, artifact_at(f"{server.url}/kubelet", KUBELET))
    assert server.asked == []


@pytest.mark.parametrize(
    "printed", ["Kubernetes v1.36.30", "Kubernetes v1.36.3-rc.1", "v11.36.3", "", "1.36.2"]
)
def test_programs_of_the_image_in_another_version_are_replaced(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    """Also one whose version only begins like the right one, and one that does not run."""
    server.files["/kubelet"] = KUBELET
    installed = node.host.path("/usr/local/bin/kubelet")
    installed.parent.mkdir(parents=True)
    installed.touch()
    node.host.on(f"{installed} --version", Result(0 if printed else 1, printed))
    _install(node, monkeypatch, artifact_at(f"{server.url}/kubelet", KUBELET))
    assert installed.read_bytes() == KUBELET


def test_a_wrong_checksum_fails_the_boot_with_both_checksums(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is installed, and it is not retried: the same file would come."""
    server.files["/kubelet"] = b"something else"
    expected, found = (hashlib.sha256(content).hexdigest() for content in (KUBELET, b"something else"))
    with pytest.raises(ChecksumError, match=rf"bad checksum of kubelet: .*{found}.*{expected}"):
        _install(node, monkeypatch, artifact_at(f"{server.url}/kubelet", KUBELET))
    assert len(server.asked) == 1
    assert not node.host.path("/usr/local/bin/kubelet").exists()
    assert list(node.host.path("/var/cache/kubequorum").iterdir()) == []


def test_a_program_without_a_checksum_ends_the_boot_before_it_changes_anything(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither apt nor upstream is asked; the error has program, version, file and both remedies."""
    server.files |= {"/kubelet": KUBELET, "/kubeadm": KUBELET}
    unpinned = replace(artifact_at(f"{server.url}/kubelet", KUBELET), sha256=None)
    other = artifact_at(
        f"{server.url}/kubeadm", KUBELET, name="kubeadm", install={"kubeadm": "/usr/bin/kubeadm"}
    )
    monkeypatch.setattr(lockfile, "needed", lambda *_, **__: [other, unpinned])
    with pytest.raises(
        UnpinnedError,
        match=r"lacks kubelet 1\.36\.3, .*userdata/files/artifacts\.json.*machine image.*"
        r"`\./kubequorum add-version 1\.36\.3`.*deploy again",
    ) as caught:
        install_programs(node)
    assert "kubeadm" not in str(caught.value)
    assert server.asked == []
    assert node.host.commands == []
    assert node.aws.asked("list_objects_v2") == []
    assert programs.lacked(node) == set()


def test_a_program_without_a_checksum_may_be_in_the_image(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the boot goes on, and what has one is downloaded."""
    server.files["/kubeadm"] = KUBELET
    installed = node.host.path("/usr/local/bin/kubelet")
    installed.parent.mkdir(parents=True)
    installed.touch()
    node.host.on(f"{installed} --version", "Kubernetes v1.36.3")
    unpinned = replace(artifact_at(f"{server.url}/kubelet", KUBELET), sha256=None)
    other = artifact_at(
        f"{server.url}/kubeadm", KUBELET, name="kubeadm", install={"kubeadm": "/usr/bin/kubeadm"}
    )
    monkeypatch.setattr(lockfile, "needed", lambda *_, **__: [other, unpinned])
    programs.install(node)
    assert server.asked == ["/kubeadm"]
    assert programs.lacked(node) == {other.sha256}


def test_nothing_without_a_checksum_is_downloaded(node: FakeNode, server: Server) -> None:
    """Whoever asks for it."""
    server.files["/kubelet"] = KUBELET
    unpinned = replace(artifact_at(f"{server.url}/kubelet", KUBELET), sha256=None)
    with pytest.raises(UnpinnedError, match=r"kubelet 1\.36\.3"):
        programs.download_upstream(node, unpinned, node.host.path("/kubelet"))
    assert server.asked == []


def test_temporary_failures_of_a_download_are_retried(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors of the server, and an answer that ends too early."""
    server.files["/kubelet"] = KUBELET
    server.failures = 2
    server.cut_short = 1
    _install(node, monkeypatch, artifact_at(f"{server.url}/kubelet", KUBELET))
    assert len(server.asked) == 4


def test_a_missing_file_is_an_error_at_once(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the address, and what to do without internet."""
    with pytest.raises(
        DownloadError, match=r"/kubelet cannot be downloaded \(attempt 1\).*artifacts\.mirror"
    ):
        _install(node, monkeypatch, artifact_at(f"{server.url}/kubelet", KUBELET))


def test_a_mirror_on_s3_is_read_with_the_instances_role(
    node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the path of the upstream URL, host included."""
    node.document = _with_mirror(node, "s3://mirror/kubernetes/")
    node.aws.objects["kubernetes/dl.k8s.io/release/v1.36.3/kubelet"] = KUBELET
    _install(node, monkeypatch, artifact_at("https://dl.k8s.io/release/v1.36.3/kubelet", KUBELET))
    assert node.aws.asked("get_object")[0]["Bucket"] == "mirror"
    assert node.host.path("/usr/local/bin/kubelet").read_bytes() == KUBELET


def _with_mirror(node: FakeNode, mirror: str) -> Any:
    return replace(node.document, mirror=mirror)


def test_programs_are_extracted_from_an_archive(
    node: FakeNode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those of the lock file, without the folders that it strips."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name in ("etcd-v3/etcd", "etcd-v3/etcdctl", "etcd-v3/README.md"):
            info = tarfile.TarInfo(name)
            info.size = len(name)
            tar.addfile(info, io.BytesIO(name.encode()))
    server.files["/etcd.tar.gz"] = content.getvalue()
    install = {"etcd": "/usr/local/bin/etcd", "etcdctl": "/usr/local/bin/etcdctl"}
    artifact = artifact_at(
        f"{server.url}/etcd.tar.gz", content.getvalue(), archive="tar.gz", strip_components=1, install=install
    )
    _install(node, monkeypatch, artifact)
    assert sorted(p.name for p in node.host.path("/usr/local/bin").iterdir()) == ["etcd", "etcdctl"]
    assert node.host.path("/usr/local/bin/etcdctl").read_bytes() == b"etcd-v3/etcdctl"

    node.host.path("/usr/local/bin/etcd").unlink()
    lacking = artifact_at(
        f"{server.url}/etcd.tar.gz",
        content.getvalue(),
        archive="tar.gz",
        strip_components=1,
        install={"etcdutl": "/usr/local/bin/etcdutl"},
    )
    with pytest.raises(DownloadError, match="does not hold etcdutl"):
        _install(node, monkeypatch, lacking)


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
@pytest.mark.parametrize("version", SUPPORTED_KUBERNETES_VERSIONS)
def test_the_lock_file_has_everything_for_every_supported_version(version: str, architecture: str) -> None:
    """What a cluster file may ask for can be installed on both architectures."""
    names = {
        a.name for a in lockfile.needed(version, architecture=architecture, master=True, runtime=RUNTIME)
    }
    workers = {
        a.name for a in lockfile.needed(version, architecture=architecture, master=False, runtime=RUNTIME)
    }
    assert names == workers | {"etcd", "kubectl"}
    for artifact in lockfile.needed(version, architecture=architecture, master=True, runtime=RUNTIME):
        assert artifact.sha256 is None or len(artifact.sha256) == 64
        assert architecture in artifact.url
        assert artifact.version_command[0] in artifact.install


def test_a_version_that_is_not_in_the_lock_file_is_named() -> None:
    """With those that are."""
    assert DEFAULT_KUBERNETES_VERSION in SUPPORTED_KUBERNETES_VERSIONS
    with pytest.raises(LockFileError, match=r"1\.35\.0 .* is not in .*1\.36\.3"):
        lockfile.needed("1.35.0", architecture="amd64", master=True, runtime=RUNTIME)


def test_private_registries_need_one_program_more(node: FakeNode) -> None:
    """Where the kubelet looks for it; without such registries no machine has it."""

    def names(*registries: str) -> dict[str, Artifact]:
        node.document = replace(node.document, private_registries=registries)
        return {artifact.name: artifact for artifact in programs.needed(node)}

    assert image_credentials.PROGRAM not in names()
    artifact = names("111122223333.dkr.ecr.eu-central-1.amazonaws.com")[image_credentials.PROGRAM]
    folder = dict(image_credentials.flags(node.document))["image-credential-provider-bin-dir"]
    assert artifact.install == {image_credentials.PROGRAM: f"{folder}/{image_credentials.PROGRAM}"}
