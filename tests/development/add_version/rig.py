"""A lock file, and a mirror on loopback with the checksums of some versions."""

import difflib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from development.commands.add_version import add_version
from lab.artifacts.releases import ARCHITECTURES, LOCK_FILE
from tests.lab.artifacts.upstream import Upstream, serving

PROGRAMS = ("kubeadm", "kubelet", "kubectl")
NEXT = "1.38.0"
"""The first of a minor version that nobody knows yet."""


def path_of(name: str, architecture: str, version: str) -> str:
    """Where a mirror has the checksum of a program."""
    return f"/dl.k8s.io/release/v{version}/bin/linux/{architecture}/{name}.sha256"


def sum_of(name: str, architecture: str, version: str) -> str:
    """That checksum, in these tests."""
    return hashlib.sha256(f"{name} {architecture} {version}".encode()).hexdigest()


class Rig:
    """A lock file, and a mirror that has the checksums of some versions."""

    def __init__(self, lock_file: Path, mirror: Upstream) -> None:
        self.lock_file, self.mirror = lock_file, mirror
        self.before = lock_file.read_text(encoding="utf-8")

    def publish(self, version: str) -> None:
        """Let the mirror have a version: as dl.k8s.io, without a line's end."""
        for name in PROGRAMS:
            for architecture in ARCHITECTURES:
                body = sum_of(name, architecture, version).encode()
                self.mirror.files[path_of(name, architecture, version)] = body

    def add(self, version: str) -> None:
        """Run the command."""
        add_version(version, place=self.mirror.base, lock_file=self.lock_file)

    @property
    def document(self) -> dict[str, Any]:
        """The lock file as it is now."""
        found: dict[str, Any] = json.loads(self.lock_file.read_text(encoding="utf-8"))
        return found

    def changed_lines(self) -> tuple[list[str], list[str]]:
        """Lines of the lock file that went, and those that came."""
        now = self.lock_file.read_text(encoding="utf-8")
        lines = list(difflib.ndiff(self.before.splitlines(), now.splitlines()))
        return [each[2:] for each in lines if each[0] == "-"], [each[2:] for each in lines if each[0] == "+"]

    def is_unchanged(self) -> bool:
        """Whether the lock file is as it was, and nothing lies beside it."""
        now = self.lock_file.read_text(encoding="utf-8")
        return now == self.before and list(self.lock_file.parent.iterdir()) == [self.lock_file]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """The shipped lock file without checksums of 1.37.2, and a mirror on loopback that has nothing."""
    document = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    folder = tmp_path / "files"
    folder.mkdir()
    text = LOCK_FILE.read_text(encoding="utf-8")
    for name in PROGRAMS:
        for download in document["artifacts"][name]["versions"]["1.37.2"].values():
            if download["sha256"] is not None:
                text = text.replace(f'"{download["sha256"]}"', "null")
    (folder / "artifacts.json").write_text(text, encoding="utf-8")
    with serving({}) as mirror:
        yield Rig(folder / "artifacts.json", mirror)
