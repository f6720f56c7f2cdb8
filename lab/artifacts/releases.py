"""The lock file of upstream releases: userdata/files/artifacts.json.

The node program, which shares no code with the lab, reads the same file: it is the contract between the two.

    schema_version               1
    default_kubernetes_version   what is built and run unless another version is requested
    kubernetes_versions          Kubernetes version → the version of every artifact for it
    artifacts.<name>
        archive                  "tar.gz"; absent when the download is the program itself
        strip_components         leading path parts to drop from the archive's members, as tar does
        install                  member (after stripping) → its absolute path on a machine
        version_command          prints the version, on either stream; its first word is a member of `install`
        versions.<version>.<amd64|arm64>
            url                  where upstream publishes it
            sha256               of the download, in hex; null: nobody has pinned upstream's yet. Such a
                                 download is never fetched: an image has its programs, or they are built

A mirror holds each download at <mirror>/<url without "https://">, as `wget --force-directories` lays it out.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.artifacts.errors import LockFileError

LOCK_FILE = Path(__file__).resolve().parents[2] / "userdata" / "files" / "artifacts.json"
SCHEMA_VERSION = 1
ARCHITECTURES = ("amd64", "arm64")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One download: an artifact in one version for one architecture."""

    name: str
    version: str
    architecture: str
    url: str
    sha256: str | None
    """None: not pinned, so it is never fetched."""
    archive: str | None
    strip_components: int
    install: Mapping[str, str]
    version_command: tuple[str, ...]

    @property
    def mirror_path(self) -> str:
        """Where a mirror keeps this download, below its root."""
        return self.url.removeprefix("https://")


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The lock file, read and checked."""

    path: Path
    default_kubernetes_version: str
    kubernetes_versions: Mapping[str, Mapping[str, str]]
    artifacts: Mapping[str, Any]

    def release(self, name: str, *, kubernetes_version: str, architecture: str) -> Release:
        """Look up the release of an artifact for a Kubernetes version.

        Raises:
            LockFileError: the lock file does not have the version, the artifact or the architecture.
        """
        try:
            version = self.kubernetes_versions[kubernetes_version][name]
            artifact = self.artifacts[name]
            download = artifact["versions"][version][architecture]
            url, sha256 = download["url"], download["sha256"]
        except KeyError as missing:
            raise LockFileError(
                f"{self.path} has no {missing} when asked for {name} of Kubernetes {kubernetes_version} "
                f"for {architecture}; it has Kubernetes {', '.join(self.kubernetes_versions)}"
            ) from None
        return Release(
            name=name,
            version=version,
            architecture=architecture,
            url=url,
            sha256=sha256,
            archive=artifact.get("archive"),
            strip_components=artifact.get("strip_components", 0),
            install=artifact["install"],
            version_command=tuple(artifact["version_command"]),
        )


def read_lock(path: Path = LOCK_FILE) -> Lock:
    """Read the lock file and check all of it.

    Raises:
        LockFileError: it is missing, not JSON, of another schema version, or a value in it is wrong.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LockFileError(f"{path} cannot be read as the lock file of releases: {error}") from error
    if not isinstance(document, dict) or document.get("schema_version") != SCHEMA_VERSION:
        raise LockFileError(f"{path} is not a lock file of schema version {SCHEMA_VERSION}")
    keys = ("default_kubernetes_version", "kubernetes_versions", "artifacts")
    if missing := [key for key in keys if key not in document]:
        raise LockFileError(f"{path} has no {', '.join(missing)}")
    lock = Lock(
        path=path,
        default_kubernetes_version=document["default_kubernetes_version"],
        kubernetes_versions=document["kubernetes_versions"],
        artifacts=document["artifacts"],
    )
    _check(lock)
    return lock


def _check(lock: Lock) -> None:
    if lock.default_kubernetes_version not in lock.kubernetes_versions:
        raise LockFileError(
            f"{lock.path}: default_kubernetes_version is {lock.default_kubernetes_version}, "
            f"which is not under kubernetes_versions"
        )
    for kubernetes_version, versions in lock.kubernetes_versions.items():
        if set(versions) != set(lock.artifacts):
            raise LockFileError(
                f"{lock.path}: kubernetes_versions.{kubernetes_version} must name exactly the artifacts "
                f"{', '.join(sorted(lock.artifacts))}"
            )
        for name in versions:
            for architecture in ARCHITECTURES:
                release = lock.release(name, kubernetes_version=kubernetes_version, architecture=architecture)
                _check_release(lock, release)


def _check_release(lock: Lock, release: Release) -> None:
    where = f"{lock.path}: artifacts.{release.name}, version {release.version}, {release.architecture}"
    if release.sha256 is not None and not _is_sha256(release.sha256):
        raise LockFileError(
            f"{where}: sha256 is {release.sha256!r}; it must be 64 lower-case hex digits, or null"
        )
    if not release.url.startswith("https://") or ".." in release.url.split("/"):
        raise LockFileError(
            f"{where}: url is {release.url!r}; it must begin with https:// and contain no '..'"
        )
    if release.archive not in (None, "tar.gz"):
        raise LockFileError(f"{where}: archive is {release.archive!r}; it must be tar.gz or absent")
    if release.archive is None and len(release.install) != 1:
        raise LockFileError(f"{where}: a download that is not an archive installs exactly one file")
    if release.version_command[0] not in release.install:
        raise LockFileError(f"{where}: version_command must begin with a member of install")
    relative = [path for path in release.install.values() if not path.startswith("/")]
    if relative:
        raise LockFileError(f"{where}: install paths must be absolute, not {', '.join(relative)}")


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
