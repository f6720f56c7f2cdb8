"""A Kubernetes version of which the lock file lacks checksums: only with images that have its programs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubequorum import versions
from kubequorum.config import ClusterFileError, load_cluster
from tests.synthesis import REPOSITORY
from tests.unit.config.cluster_files import accepted, changed, errors

_VERSION = "1.36.4"


@pytest.fixture(autouse=True)
def _unpinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lock file lack a checksum: of the kubelet, for arm64."""
    monkeypatch.setitem(versions._LOCK["artifacts"]["kubelet"]["versions"][_VERSION]["arm64"], "sha256", None)


def _document(version: str = _VERSION) -> dict[str, Any]:
    """The ha cluster, with workers on arm64."""
    return changed(("kubernetes", "version"), version)


def test_it_is_refused_with_both_remedies(tmp_path: Path) -> None:
    """With the programs that nobody could download."""
    message = errors(tmp_path, _document())
    assert message.count("Remedy:") == 1
    for part in (
        f"kubernetes.version = {_VERSION}: userdata/files/artifacts.json has no checksums of kubelet in",
        f"`./kubequorum add-version {_VERSION}`",
        "set image.has_programs: true",
    ):
        assert part in message


def test_images_that_have_the_programs_make_it_valid(tmp_path: Path) -> None:
    """Whoever sets the key answers for them."""
    document = _document()
    document["image"]["has_programs"] = True
    accepted(tmp_path, document)
    document["image"]["has_programs"] = False
    assert "has_programs" in errors(tmp_path, document)


@pytest.mark.parametrize("value", ["yes", 1, "true"])
def test_only_true_is_true(tmp_path: Path, value: object) -> None:
    """A text or a number says nothing about images."""
    document = _document()
    document["image"]["has_programs"] = value
    assert "image.has_programs" in errors(tmp_path, document)


def test_what_no_instance_needs_may_lack_its_checksum(tmp_path: Path) -> None:
    """Another version, and an architecture that no group has."""
    accepted(tmp_path, _document("1.36.3"))
    document = _document()
    del document["worker_groups"][1]
    accepted(tmp_path, document)


def test_a_cluster_on_one_computer_may_have_every_version(tmp_path: Path) -> None:
    """Its machines have the programs, which are built where they cannot be downloaded."""
    document = yaml.safe_load((REPOSITORY / "clusters" / "local.yaml").read_text(encoding="utf-8"))
    amd64 = versions._LOCK["artifacts"]["kubelet"]["versions"][_VERSION]["amd64"]
    file = tmp_path / "local.yaml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(amd64, "sha256", None)
        for version in versions.SUPPORTED_KUBERNETES_VERSIONS:
            document["kubernetes"] = {"version": version}
            file.write_text(yaml.safe_dump(document), encoding="utf-8")
            assert load_cluster(file).kubernetes.version == version
        document["image"]["has_programs"] = False
        document["kubernetes"] = {"version": _VERSION}
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        with pytest.raises(ClusterFileError, match="has no checksums of kubelet"):
            load_cluster(file)
