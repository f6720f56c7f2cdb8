"""The lock file of upstream releases: the shipped one is right, and a wrong one is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.artifacts.build.go import pinned_version
from lab.artifacts.catalog import PROGRAM_SETS
from lab.artifacts.errors import LockFileError
from lab.artifacts.kubernetes_versions import OTHER_MODULES, program_sets
from lab.artifacts.releases import ARCHITECTURES, LOCK_FILE, read_lock


def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    return document


def test_shipped_lock_file_has_every_release_for_both_architectures() -> None:
    """Every Kubernetes version of the shipped file resolves to a URL that names version and architecture."""
    lock = read_lock()
    for kubernetes_version in lock.kubernetes_versions:
        for name in lock.artifacts:
            for architecture in ARCHITECTURES:
                release = lock.release(name, kubernetes_version=kubernetes_version, architecture=architecture)
                assert release.version in release.url
                assert architecture in release.url
                assert release.mirror_path.split("/")[0] in {"artifacts.k8s.io", "dl.k8s.io", "github.com"}


def test_no_two_releases_share_a_sum_or_a_place_in_a_mirror() -> None:
    """A sum copied to the wrong line would show as a sum that occurs twice."""
    artifacts = _document()["artifacts"]
    downloads = [
        download
        for artifact in artifacts.values()
        for version in artifact["versions"].values()
        for download in version.values()
    ]
    sums = [download["sha256"] for download in downloads if download["sha256"] is not None]
    assert len(set(sums)) == len(sums)
    assert len({download["url"] for download in downloads}) == len(downloads)


@pytest.mark.parametrize("version", ["", *OTHER_MODULES])
@pytest.mark.parametrize("name", [name for name, item in PROGRAM_SETS.items() if item.releases])
def test_go_modules_build_what_the_lock_file_pins(name: str, version: str) -> None:
    """A set gives the same programs in the same version, whether downloaded or built."""
    lock = read_lock()
    program_set = program_sets(version)[name]
    installed: set[str] = set()
    for artifact in program_set.releases:
        release = lock.release(
            artifact, kubernetes_version=version or lock.default_kubernetes_version, architecture="amd64"
        )
        assert release.version == pinned_version(program_set)
        installed |= set(release.install)
    assert installed == set(program_set.programs)


def test_unknown_kubernetes_version_names_the_known_ones() -> None:
    """The error for a version that is not pinned has those that are."""
    with pytest.raises(LockFileError, match=r"'1\.12\.0'.*it has Kubernetes 1\.36\.2, 1\.36\.3"):
        read_lock().release("kubelet", kubernetes_version="1.12.0", architecture="amd64")


def _kubelet(document: dict[str, Any]) -> dict[str, Any]:
    download: dict[str, Any] = document["artifacts"]["kubelet"]["versions"]["1.36.3"]["arm64"]
    return download


def _set_sum(document: dict[str, Any]) -> None:
    _kubelet(document)["sha256"] = "sha256:00"


def _set_no_text(document: dict[str, Any]) -> None:
    _kubelet(document)["sha256"] = 0


def _set_nothing(document: dict[str, Any]) -> None:
    _kubelet(document)["sha256"] = ""


def _set_plain_http(document: dict[str, Any]) -> None:
    _kubelet(document)["url"] = "http://dl.k8s.io/kubelet"


def _climb_out_of_mirror(document: dict[str, Any]) -> None:
    _kubelet(document)["url"] = "https://dl.k8s.io/../../etc/shadow"


def _drop_architecture(document: dict[str, Any]) -> None:
    del document["artifacts"]["kubelet"]["versions"]["1.36.3"]["arm64"]


def _drop_sum(document: dict[str, Any]) -> None:
    del _kubelet(document)["sha256"]


def _drop_default(document: dict[str, Any]) -> None:
    del document["default_kubernetes_version"]


def _drop_companion(document: dict[str, Any]) -> None:
    del document["kubernetes_versions"]["1.36.3"]["runc"]


def _set_default(document: dict[str, Any]) -> None:
    document["default_kubernetes_version"] = "1.35.0"


def _set_schema(document: dict[str, Any]) -> None:
    document["schema_version"] = 2


def _set_archive(document: dict[str, Any]) -> None:
    document["artifacts"]["crictl"]["archive"] = "zip"


def _set_relative(document: dict[str, Any]) -> None:
    document["artifacts"]["kubelet"]["install"]["kubelet"] = "usr/local/bin/kubelet"


def _set_command(document: dict[str, Any]) -> None:
    document["artifacts"]["kubelet"]["version_command"] = ["kubectl", "version"]


def _add_file_to_plain_download(document: dict[str, Any]) -> None:
    document["artifacts"]["kubelet"]["install"]["other"] = "/usr/local/bin/other"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_set_sum, r"kubelet, version 1\.36\.3, arm64: sha256 is 'sha256:00'"),
        (_set_no_text, r"sha256 is 0; it must be 64 lower-case hex digits, or null"),
        (_set_nothing, r"sha256 is ''; it must be 64 lower-case hex digits, or null"),
        (_set_plain_http, "must begin with https://"),
        (_climb_out_of_mirror, r"contain no '\.\.'"),
        (_drop_architecture, "has no 'arm64' when asked for kubelet"),
        (_drop_sum, "has no 'sha256' when asked for kubelet"),
        (_drop_default, "has no default_kubernetes_version"),
        (_drop_companion, r"kubernetes_versions\.1\.36\.3 must name exactly"),
        (_set_default, r"default_kubernetes_version is 1\.35\.0"),
        (_set_schema, "not a lock file of schema version 1"),
        (_set_archive, "archive is 'zip'"),
        (_set_relative, "install paths must be absolute, not usr/local/bin/kubelet"),
        (_set_command, "version_command must begin with a member of install"),
        (_add_file_to_plain_download, "installs exactly one file"),
    ],
)
def test_wrong_lock_file_is_refused(tmp_path: Path, spoil: Any, message: str) -> None:
    """Each rule of the schema stops a file that breaks it, and says where."""
    document = _document()
    spoil(document)
    path = tmp_path / "artifacts.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(LockFileError, match=message):
        read_lock(path)


def test_a_download_may_lack_its_checksum(tmp_path: Path) -> None:
    """Null says that nobody has pinned it yet; the release says so, too."""
    document = _document()
    _kubelet(document)["sha256"] = None
    path = tmp_path / "artifacts.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    lock = read_lock(path)
    assert lock.release("kubelet", kubernetes_version="1.36.3", architecture="arm64").sha256 is None
    assert lock.release("kubelet", kubernetes_version="1.36.3", architecture="amd64").sha256 is not None


def test_missing_lock_file_is_named(tmp_path: Path) -> None:
    """The error names the file that was looked for."""
    with pytest.raises(LockFileError, match=r"nowhere\.json"):
        read_lock(tmp_path / "nowhere.json")
