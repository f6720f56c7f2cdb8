"""`add-version`: pins upstream's checksums of a Kubernetes version in the lock file."""

from collections.abc import Iterator
from pathlib import Path

from development.versions import lock_text
from development.versions.addition import Addition, Download, parse
from development.versions.checksums import Source
from kubequorum_cli.console import Progress
from lab.artifacts.releases import LOCK_FILE


def add_version(version: str, *, place: str | None, lock_file: Path = LOCK_FILE) -> None:
    """Add a version, or pin what is not pinned of it yet, and print what was done and what is left to do.

    Nothing is written before everything is read and checked.

    Args:
        version: of Kubernetes, without a leading v.
        place: a mirror to read checksums from; None: upstream.
        lock_file: the file that is changed.

    Raises:
        UsageError: version or mirror are not what they must be.
        CommandError: the version cannot be added, a checksum cannot be had, or another one is pinned.
    """
    # Before anything is asked or read: a mistake in the command line.
    parse(version)
    source = Source(place)
    lock, document = lock_text.read(lock_file)
    addition = Addition(version, lock)
    downloads = list(addition.downloads())
    sums: dict[Download, str] = {}
    with Progress().stage(f"reading checksums of Kubernetes {version} from {place or 'upstream'}") as stage:
        for number, download in enumerate(downloads, 1):
            stage.detail(f"{number} of {len(downloads)}: {download.url}")
            sums[download] = source.checksum(download.url)
            stage.line(f"{download.name} for {download.architecture}: {sums[download]}")
    addition.insert(document, sums)
    added = [download for download in downloads if download.pinned is None]
    if not added:
        print(f"{lock_file}: Kubernetes {version} is there already, with these checksums; nothing is changed")
        return
    lock_text.write(lock_file, document)
    names = ", ".join(f"{each.name} for {each.architecture}" for each in added)
    print(f"{lock_file}: pinned Kubernetes {version}: {names}")
    if not addition.is_known:
        others = ", ".join(f"{name} {each}" for name, each in addition.others.items())
        print(f"Its other programs are those of {addition.pattern}: {others}")
    print("\nNow read, and change what has to be changed:")
    for number, line in enumerate(_left(addition), 1):
        print(f"{number}. {line}")


def _left(addition: Addition) -> Iterator[str]:
    """What no program decides."""
    version = addition.version
    minor = version.rpartition(".")[0]
    yield (
        "upstream's changes: "
        f"https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-{minor}.md"
    )
    yield (
        f"the images that `kubeadm config images list` of v{version} names, or "
        f"https://github.com/kubernetes/kubernetes/blob/v{version}/cmd/kubeadm/app/constants/constants.go: "
        "etcd (its image never follows Kubernetes: SUPPORTED_ETCD_VERSIONS in "
        "constructs/kubequorum/versions.py and its tags in lab/artifacts/image_catalog.py; its minor version "
        "is a step of its own), CoreDNS (lab/artifacts/build/modules/coredns), pause (PAUSE_IMAGE in "
        "userdata/kubequorum_node/runtime/base.py)"
    )
    if addition.is_first_of_minor:
        yield (
            "flags, configuration APIs and feature gates that upstream removed: what masters and kubelets "
            "get is in userdata/kubequorum_node/kubeadm and runtime; crictl, which follows the minor version"
        )
        yield (
            "addons that follow the minor version: their defaults in constructs/kubequorum/config/addons.py "
            "(cluster_autoscaler, cloud_controller_manager) are for all versions of Kubernetes"
        )
    yield (
        "builds for machines on one computer: a Go module in lab/artifacts/build/modules, for a version "
        "beside the default one named in OTHER_MODULES of lab/artifacts/kubernetes_versions.py"
    )
    yield "`./kubequorum reference`, `make snapshots` (golden files), `make test`; CHANGELOG.md"
