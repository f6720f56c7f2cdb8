"""Content keys: whatever changes an artifact changes its key, and nothing else does."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from lab.artifacts import machine_root
from lab.artifacts.build.go import MODULES, build_inputs, linker_flags
from lab.artifacts.cache import Entry
from lab.artifacts.catalog import PROGRAM_SETS
from lab.artifacts.digest import content_key, tree_digest
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.images import image_key
from lab.artifacts.program_set import ProgramSet


def _build_key(
    program_set: ProgramSet, modules: Path = MODULES, *, go: str = "go1.26.8", architecture: str = "amd64"
) -> str:
    return content_key(build_inputs(program_set, go_version=go, architecture=architecture, modules=modules))


def test_build_key_depends_on_go_and_architecture() -> None:
    """Another toolchain or another architecture gives other programs."""
    crictl = PROGRAM_SETS["crictl"]
    keys = {
        _build_key(crictl),
        _build_key(crictl, go="go1.26.9"),
        _build_key(crictl, architecture="arm64"),
        _build_key(dataclasses.replace(crictl, ldflags=())),
        _build_key(dataclasses.replace(crictl, packages=("sigs.k8s.io/cri-tools/cmd/critest",))),
        _build_key(dataclasses.replace(crictl, cgo=True)),
    }
    assert len(keys) == 6


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "tools.go"])
def test_build_key_depends_on_each_file_of_the_module(tmp_path: Path, file: str) -> None:
    """A changed pin, sum or source makes a new key; an untouched copy does not."""
    crictl = PROGRAM_SETS["crictl"]
    shutil.copytree(MODULES / "crictl", tmp_path / "crictl")
    assert _build_key(crictl, tmp_path) == _build_key(crictl)
    with (tmp_path / "crictl" / file).open("a", encoding="utf-8") as stream:
        stream.write("// changed\n")
    assert _build_key(crictl, tmp_path) != _build_key(crictl)


def test_build_key_does_not_depend_on_expected_time_or_disk() -> None:
    """A better estimate must not invalidate a finished build."""
    crictl = PROGRAM_SETS["crictl"]
    assert _build_key(dataclasses.replace(crictl, build_seconds=1, build_gib=99)) == _build_key(crictl)


def test_kubernetes_is_stamped_with_the_version_of_go_mod() -> None:
    """`kubelet --version` is right only if the linker stamps the version."""
    flags = linker_flags(PROGRAM_SETS["kubernetes-node"]).split(" ")
    assert "k8s.io/component-base/version.gitVersion=v1.36.3" in flags
    assert "k8s.io/component-base/version.gitMinor=36" in flags
    assert "k8s.io/client-go/pkg/version.gitVersion=v1.36.3" in flags


def _entry(digest: str) -> Entry:
    return Entry(kind="programs", name="x", key="k", source="test", digest=digest, seconds=0, bytes=0)


def test_image_key_depends_on_the_programs_in_it() -> None:
    """A rebuilt program gives a new image; a program that is not in the image does not."""
    etcd = IMAGES["etcd"]
    programs = {name: _entry("a") for name in ("etcd", "etcdctl", "etcdutl", "coredns")}

    def key(**changed: Entry) -> str:
        return image_key(etcd, programs=programs | changed, root=None, architecture="amd64")

    assert key(etcdutl=_entry("b")) != key()
    assert key(coredns=_entry("b")) == key()


def test_image_with_a_userland_depends_on_the_machine_root() -> None:
    """kube-proxy's image has nft from the root, etcd's has nothing from it."""
    programs = {name: _entry("a") for name in ("kube-proxy", "etcd", "etcdctl", "etcdutl")}

    def differs(name: str) -> bool:
        keys = {
            image_key(IMAGES[name], programs=programs, root=_entry(digest), architecture="amd64")
            for digest in ("old root", "new root")
        }
        return len(keys) == 2

    assert differs("kube-proxy")
    assert not differs("etcd")


def test_root_key_depends_on_packages_and_cleanup(monkeypatch: pytest.MonkeyPatch) -> None:
    """An additional package, or another clean-up, makes a new root."""
    before = machine_root.root_key("amd64")
    assert machine_root.root_key("arm64") != before
    monkeypatch.setattr(machine_root, "PACKAGES", (*machine_root.PACKAGES, "jq"))
    with_package = machine_root.root_key("amd64")
    assert with_package != before
    monkeypatch.setattr(machine_root, "_CLEANUP", "true")
    assert machine_root.root_key("amd64") not in {before, with_package}


def test_tree_digest_sees_content_permissions_and_links_but_no_times(tmp_path: Path) -> None:
    """--verify must notice whatever matters, and nothing that copying changes."""
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    (tmp_path / "link").symlink_to("file")
    file.chmod(0o644)
    seen = [tree_digest(tmp_path)]
    file.touch()
    assert tree_digest(tmp_path) == seen[0]
    file.chmod(0o755)
    seen.append(tree_digest(tmp_path))
    file.write_text("y", encoding="utf-8")
    seen.append(tree_digest(tmp_path))
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("elsewhere")
    seen.append(tree_digest(tmp_path))
    assert len(set(seen)) == 4
