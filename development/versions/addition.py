"""What a Kubernetes version adds to the lock file: which versions may be added, and with which artifacts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubequorum_cli.errors import CommandError, UsageError
from lab.artifacts.releases import ARCHITECTURES, Lock

PROGRAMS = ("kubeadm", "kubelet", "kubectl")
"""Artifacts that are released with Kubernetes, and have its version."""
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
Version = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Download:
    """A program of the version for one architecture."""

    name: str
    architecture: str
    url: str
    pinned: str | None
    """The checksum in the lock file; None if it has none yet."""


class Addition:
    """A version and what the lock file says of it; nothing of that is changed here."""

    def __init__(self, version: str, lock: Lock) -> None:
        """Compare the version with those that are known.

        Raises:
            UsageError: it is no version.
            CommandError: it cannot follow those that are known.
        """
        self.version = version
        self._lock = lock
        wanted = parse(version)
        known = sorted(lock.kubernetes_versions, key=parse)
        self.is_known = version in known
        self.pattern = version if self.is_known else _pattern(wanted, known)
        """The version whose other artifacts it has: itself if it is known, else the newest one near it."""
        self.is_first_of_minor = not [
            each for each in known if each != version and _minor(each) == wanted[:2]
        ]

    @property
    def others(self) -> dict[str, str]:
        """Version of each artifact that is not released with Kubernetes."""
        versions = self._lock.kubernetes_versions[self.pattern]
        return {name: each for name, each in versions.items() if name not in PROGRAMS}

    def downloads(self) -> Iterator[Download]:
        """All that are released with Kubernetes."""
        for name in PROGRAMS:
            for architecture in ARCHITECTURES:
                release = self._lock.release(name, kubernetes_version=self.pattern, architecture=architecture)
                url = release.url.replace(f"/v{self.pattern}/", f"/v{self.version}/")
                pinned = release.sha256 if self.is_known else None
                yield Download(name=name, architecture=architecture, url=url, pinned=pinned)

    def insert(self, document: dict[str, Any], sums: dict[Download, str]) -> None:
        """Put the version and its checksums into the lock file's document, each in its place.

        Raises:
            CommandError: a checksum is pinned and is another one, or occurs twice.
        """
        self._refuse_wrong(document, sums)
        if not self.is_known:
            versions = document["kubernetes_versions"]
            pattern = versions[self.pattern]
            versions[self.version] = {
                name: self.version if name in PROGRAMS else each for name, each in pattern.items()
            }
            document["kubernetes_versions"] = _sorted(versions)
        for download, found in sums.items():
            artifact = document["artifacts"][download.name]
            artifact["versions"].setdefault(self.version, {})[download.architecture] = {
                "url": download.url,
                "sha256": found,
            }
            artifact["versions"] = _sorted(artifact["versions"])

    def _refuse_wrong(self, document: dict[str, Any], sums: dict[Download, str]) -> None:
        owners = {
            entry["sha256"]: f"{name} {version} for {architecture}"
            for name, artifact in document["artifacts"].items()
            for version, downloads in artifact["versions"].items()
            for architecture, entry in downloads.items()
            if entry["sha256"] is not None
        }
        for download, found in sums.items():
            what = f"{download.name} {self.version} for {download.architecture}"
            if download.pinned is not None and download.pinned != found:
                raise CommandError(
                    f"{what} has another checksum than the one that is pinned",
                    why=f"upstream or the mirror says {found}, the lock file {download.pinned}",
                    remedy="find out which one is wrong before anybody deploys it: upstream does not change "
                    f"a release. Its download is {download.url}; the lock file is unchanged",
                )
            if owners.setdefault(found, what) != what:
                raise CommandError(
                    f"{what} has the checksum of {owners[found]}",
                    why="two different programs do not have the same checksum",
                    remedy="check what upstream or the mirror has there; the lock file is unchanged",
                )


def parse(version: str) -> Version:
    """Its three numbers.

    Raises:
        UsageError: it has not the form x.y.z.
    """
    if (found := _VERSION.fullmatch(version)) is None:
        raise UsageError(
            f"{version!r} is no version of Kubernetes",
            why="it must be three numbers, without a leading v, and no pre-release",
            remedy="give one like 1.37.2; https://kubernetes.io/releases/ has them",
        )
    return int(found[1]), int(found[2]), int(found[3])


def _minor(version: str) -> tuple[int, int]:
    return parse(version)[:2]


def _pattern(wanted: Version, known: list[str]) -> str:
    """The newest known version of the same minor, else of the one before."""
    oldest, newest = parse(known[0]), parse(known[-1])
    major, minor, _ = wanted
    if wanted < oldest:
        raise CommandError(
            f"Kubernetes {major}.{minor}.{wanted[2]} is older than {known[0]}, the oldest supported version",
            why="constructs/kubequorum/versions.py says what is wrong with older ones",
            remedy=f"add a newer one: {known[-1]} is the newest that is known",
        )
    for near in ((major, minor), (major, minor - 1)):
        if of_minor := [each for each in known if _minor(each) == near]:
            return of_minor[-1]
    raise CommandError(
        f"Kubernetes {major}.{minor} does not follow {newest[0]}.{newest[1]}, the newest known minor version",
        why="a cluster is updated one minor version at a time: https://kubernetes.io/releases/version-skew-policy/",
        remedy=f"add a version of {newest[0]}.{newest[1] + 1} first",
    )


def _sorted(versions: dict[str, Any]) -> dict[str, Any]:
    return {version: versions[version] for version in sorted(versions, key=parse)}
