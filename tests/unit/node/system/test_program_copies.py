"""A boot and the copies in the state bucket: taken if they are intact, and never a reason to fail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kubequorum_node.system import lockfile, programs
from kubequorum_node.system.lockfile import Artifact
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.system.downloads import KUBELET, Server, artifact_at, server

__all__ = ["server"]

CRICTL = b"crictl"
INSTALLED = "/usr/local/bin/kubelet"
CACHE = "/var/cache/kubequorum"


@pytest.fixture
def install(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeNode], list[Artifact]]:
    """Installs kubelet and crictl, which upstream has."""
    server.files |= {"/kubelet": KUBELET, "/crictl": CRICTL}
    crictl = {"install": {"crictl": "/usr/local/bin/crictl"}, "version_command": ("crictl", "--version")}
    artifacts = [
        artifact_at(f"{server.url}/kubelet", KUBELET),
        artifact_at(f"{server.url}/crictl", CRICTL, name="crictl", version="1.36.0", **crictl),
    ]
    monkeypatch.setattr(lockfile, "needed", lambda *_, **__: artifacts)

    def run(node: FakeNode) -> list[Artifact]:
        programs.install(node)
        return artifacts

    return run


Install = Callable[[FakeNode], list[Artifact]]
KUBELET_KEY, CRICTL_KEY = (
    f"programs/{artifact_at('https://dl.k8s.io/x', content).sha256}" for content in (KUBELET, CRICTL)
)


def _content(node: FakeNode, path: str = INSTALLED) -> bytes:
    return node.host.path(path).read_bytes()


@pytest.mark.parametrize("role", ["master", "worker"])
def test_a_program_that_the_bucket_has_comes_from_there(
    tmp_path: Path, server: Server, install: Install, role: str
) -> None:
    """Upstream is not asked, for a worker neither; one listing tells of all copies."""
    of_worker = {"config": examples.WORKER_CONFIG, "document": examples.WORKER_DOCUMENT}
    node = FakeNode(tmp_path, **(of_worker if role == "worker" else {}))  # type: ignore[arg-type]
    node.aws.objects |= {KUBELET_KEY: KUBELET, CRICTL_KEY: CRICTL}
    install(node)
    assert _content(node) == KUBELET
    assert _content(node, "/usr/local/bin/crictl") == CRICTL
    assert server.asked == []
    (listing,) = node.aws.asked("list_objects_v2")
    # The condition of a worker's role has exactly this prefix.
    assert listing["Prefix"] == "programs/"
    assert list(node.host.path(CACHE).iterdir()) == []


def test_a_program_that_the_bucket_lacks_comes_from_upstream(
    node: FakeNode, server: Server, install: Install
) -> None:
    """Alone; a master keeps the download for the bucket, which has it in exactly that form."""
    node.aws.objects[KUBELET_KEY] = KUBELET
    _, crictl = install(node)
    assert server.asked == ["/crictl"]
    (kept,) = node.host.path(CACHE).iterdir()
    assert kept == programs.kept_download(node, crictl)
    assert kept.read_bytes() == CRICTL


def test_a_worker_keeps_no_downloads(worker: FakeNode, server: Server, install: Install) -> None:
    """It may not put them anywhere."""
    install(worker)
    assert sorted(server.asked) == ["/crictl", "/kubelet"]
    assert list(worker.host.path(CACHE).iterdir()) == []


def test_a_damaged_copy_is_not_believed(
    node: FakeNode, server: Server, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    """Upstream has the right one; the log says it, and the other copies are still used."""
    node.aws.objects |= {KUBELET_KEY: KUBELET[:-1], CRICTL_KEY: CRICTL}
    install(node)
    assert _content(node) == KUBELET
    assert server.asked == ["/kubelet"]
    assert "copy of kubelet 1.36.3 is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("operation", ["list_objects_v2", "download_file"])
def test_a_bucket_that_refuses_is_given_up(
    node: FakeNode, server: Server, install: Install, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    """For the whole boot, with one warning: upstream has everything."""
    node.aws.objects |= {KUBELET_KEY: KUBELET, CRICTL_KEY: CRICTL}
    node.aws.fail(operation, "AccessDenied", times=2)
    install(node)
    assert _content(node) == KUBELET
    assert sorted(server.asked) == ["/crictl", "/kubelet"]
    assert len(node.aws.asked("list_objects_v2")) == 1
    assert capsys.readouterr().err.count("warning: ") == 1


def test_a_copy_that_is_gone_since_the_listing_is_no_failure(
    node: FakeNode, server: Server, install: Install
) -> None:
    """Another master may delete it at that moment."""
    node.aws.objects[KUBELET_KEY] = KUBELET
    node.aws.first("download_file", node.aws.objects.clear)
    install(node)
    assert _content(node) == KUBELET
    assert sorted(server.asked) == ["/crictl", "/kubelet"]


def test_an_image_that_has_everything_does_not_ask_the_bucket(
    node: FakeNode, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it remember anything to put there."""
    monkeypatch.setattr(programs, "is_installed", lambda *_: True)
    install(node)
    assert node.aws.requests == []
    assert programs.lacked(node) == set()


def test_what_the_image_lacked_is_remembered(
    node: FakeNode, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a boot that found it installed: that is not the image's."""
    artifacts = install(node)
    sums = {artifact.sha256 for artifact in artifacts}
    assert programs.lacked(node) == sums
    monkeypatch.setattr(programs, "is_installed", lambda *_: True)
    install(node)
    assert programs.lacked(node) == sums


def test_a_boot_that_is_interrupted_knows_what_the_image_lacked(
    node: FakeNode, server: Server, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One program was installed before the failure: the next attempt finds it there."""
    del server.files["/crictl"]
    with pytest.raises(Exception, match="crictl cannot be downloaded"):
        install(node)
    assert len(programs.lacked(node)) == 2
    server.files["/crictl"] = CRICTL
    monkeypatch.setattr(programs, "is_installed", lambda _, artifact: artifact.name == "kubelet")
    install(node)
    assert len(programs.lacked(node)) == 2


def test_a_download_that_cannot_be_kept_is_installed_all_the_same(
    node: FakeNode, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    """Putting it into the bucket downloads it again."""
    for key in (KUBELET_KEY, CRICTL_KEY):
        node.host.path(f"{CACHE}/{key.removeprefix('programs/')}/in the way").mkdir(parents=True)
    install(node)
    assert _content(node) == KUBELET
    assert "kubelet is not kept" in capsys.readouterr().err
