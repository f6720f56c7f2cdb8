"""The lock file: programs with their versions, URLs and checksums.

It is userdata/files/artifacts.json, and the only place that has them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubequorum_node.errors import NodeError

LOCK_FILE = Path(__file__).resolve().parents[2] / "files" / "artifacts.json"

ARCHITECTURES = ("amd64", "arm64")
"""Those that it has programs of."""
_COMMON = ("cni-plugins", "crictl", "kubelet", "kubeadm")
_MASTERS = ("etcd", "kubectl")


class LockFileError(NodeError):
    """The lock file lacks a version or an architecture."""


class UnpinnedError(NodeError):
    """A program is missing, and may not be fetched: the lock file has no checksum of it."""

    def __init__(self, artifacts: Sequence["Artifact"], *, kubernetes_version: str = "VERSION") -> None:
        programs = ", ".join(f"{each.name} {each.version}" for each in artifacts)
        super().__init__(
            f"the image lacks {programs}, and the lock file has no checksum to verify a download with "
            "(sha256 is null in userdata/files/artifacts.json), so nothing is downloaded. Use a machine "
            "image that has these programs in these versions, or run `./kubequorum add-version "
            f"{kubernetes_version}` where upstream can be reached, and deploy again"
        )


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One download and the programs in it."""

    name: str
    version: str
    url: str
    sha256: str | None
    """None if nobody has pinned upstream's yet: then an image must have its programs."""
    archive: str | None
    """`tar.gz`, or None for a download that is the program itself."""
    strip_components: int
    """Leading folders of an archive's paths to strip."""
    install: Mapping[str, str]
    """Programs by their name in the download, with their path on the host."""
    version_command: tuple[str, ...]
    """Prints the version; its first word is one of the programs."""

    @property
    def checksum(self) -> str:
        """What a download of it is verified with, and known by.

        Raises:
            UnpinnedError: nobody has pinned it: there is no download of it.
        """
        if self.sha256 is None:
            raise UnpinnedError([self])
        return self.sha256

    def source(self, mirror: str) -> str:
        """Its URL: upstream, or on a mirror, at the path of the upstream URL, host included."""
        if not mirror:
            return self.url
        parts = urlsplit(self.url)
        return f"{mirror.rstrip('/')}/{parts.netloc}{parts.path}"

    def is_version(self, printed: str) -> bool:
        """Whether the output of the version command has this version, not just one that begins like it."""
        return re.search(rf"(?<![\w.])v?{re.escape(self.version)}(?![\w.+-])", printed) is not None


def needed(
    kubernetes_version: str,
    *,
    architecture: str,
    master: bool,
    runtime: Sequence[str],
    further: Sequence[str] = (),
    path: Path = LOCK_FILE,
) -> list[Artifact]:
    """All that a host needs for a Kubernetes version.

    Args:
        kubernetes_version: without a leading v.
        architecture: one of ARCHITECTURES.
        master: whether it is one.
        runtime: what its container runtime is installed from.
        further: what its cluster file asks for besides.
        path: the lock file.

    Raises:
        LockFileError: the version or the architecture is not in the lock file.

    """
    lock: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    versions = lock["kubernetes_versions"]
    if kubernetes_version not in versions:
        raise LockFileError(
            f"Kubernetes {kubernetes_version} (kubernetes.version in the cluster file) is not in {path}, "
            f"which has {', '.join(versions)}"
        )
    names = (*runtime, *_COMMON, *(_MASTERS if master else ()), *further)
    return [
        _artifact(lock["artifacts"][name], name, versions[kubernetes_version][name], architecture)
        for name in names
    ]


def _artifact(entry: dict[str, Any], name: str, version: str, architecture: str) -> Artifact:
    try:
        download = entry["versions"][version][architecture]
    except KeyError as error:
        raise LockFileError(f"{name} {version} for {architecture} is not in the lock file") from error
    return Artifact(
        name=name,
        version=version,
        url=download["url"],
        sha256=download["sha256"],
        archive=entry.get("archive"),
        strip_components=entry.get("strip_components", 0),
        install=entry["install"],
        version_command=tuple(entry["version_command"]),
    )
