"""Packages of addons: published files of Kubernetes objects, each with its checksum.

They come from the image, else from the state bucket's copies (`program_copies`), else from upstream or the
mirror. A master that had to download one puts it into the bucket at once: what vanishes upstream is there.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kubequorum_node.addon_set import Addon, KubernetesObject, Package
from kubequorum_node.aws.state_store import PreconditionError
from kubequorum_node.errors import NodeError
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.system import program_copies, programs
from kubequorum_node.system.lockfile import Artifact
from kubequorum_node.system.program_copies import BootCopies

IN_IMAGE = "/usr/local/share/kubequorum/packages"
"""Folder in which an image may have packages, each named after its sha256."""
_LACKED = "/var/lib/kubequorum/packages-not-in-image.json"
_AGAIN_SECONDS = 60.0
"""After which a package that could not be had is asked for again: each attempt may take a minute."""


class PackageError(NodeError):
    """A package cannot be had, or is no file of Kubernetes objects."""


class Packages:
    """The packages of the addons that a master looks after; what was opened once is kept in memory."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._opened: dict[str, tuple[KubernetesObject, ...]] = {}
        self._failed: dict[str, tuple[float, NodeError]] = {}

    def use(self, addons: Iterable[Addon]) -> None:
        """Remember which ones a set has: those that the image lacks belong into the state bucket."""
        wanted = {package.sha256: package for addon in addons for package in addon.packages}
        self._opened = {sha256: found for sha256, found in self._opened.items() if sha256 in wanted}
        text = json.dumps([asdict(each) for each in wanted.values() if not self._in_image(each).exists()])
        if text != (self._node.host.read(_LACKED) or "[]"):
            self._node.host.write(_LACKED, text)

    def objects_of(self, addon: Addon) -> Sequence[KubernetesObject]:
        """All objects of an addon, those of its packages first.

        Raises:
            PackageError, NodeError: a package cannot be had.

        """
        found = [each for package in addon.packages for each in self._objects_in(package)]
        return (*found, *addon.objects) if found else addon.objects

    def _objects_in(self, package: Package) -> tuple[KubernetesObject, ...]:
        if package.sha256 not in self._opened:
            now = self._node.clock.now()
            since, failure = self._failed.get(package.sha256, (0.0, None))
            if failure is not None and now - since < _AGAIN_SECONDS:
                raise failure
            try:
                self._opened[package.sha256] = parse(self._fetch(package), package)
            except NodeError as error:
                self._failed[package.sha256] = (self._node.clock.now(), error)
                raise
        return self._opened[package.sha256]

    def _in_image(self, package: Package) -> Path:
        return self._node.host.path(f"{IN_IMAGE}/{package.sha256}")

    def _fetch(self, package: Package) -> bytes:
        of_image = self._in_image(package)
        if of_image.exists() and program_copies.sha256_of(of_image) == package.sha256:
            return of_image.read_bytes()
        artifact = _artifact(package)
        with programs.work_folder(self._node) as folder:
            file = folder / "download"
            if not BootCopies(self._node).take(artifact, file):
                source = programs.download_upstream(self._node, artifact, file)
                info(f"{package.name} {package.version} came from {source}")
                self._put(artifact, file)
            return file.read_bytes()

    def _put(self, artifact: Artifact, file: Path) -> None:
        """Put it into the state bucket; what fails is tried again with the programs, see `supply`."""
        try:
            self._node.store.create(program_copies.key(artifact.checksum), file)
        except PreconditionError:
            return
        except Exception as error:
            warning(f"{artifact.name} {artifact.version} is not in the state bucket: {error}")


def lacked(node: Node) -> list[Artifact]:
    """Packages of the addons in force that this host's image does not have."""
    try:
        return [_artifact(Package(**each)) for each in json.loads(node.host.read(_LACKED) or "[]")]
    except (ValueError, TypeError) as error:
        warning(f"{_LACKED} cannot be read ({error!r}): taken for empty")
        return []


def parse(content: bytes, package: Package) -> tuple[KubernetesObject, ...]:
    """The objects in a package.

    Raises:
        PackageError: it is no YAML, or something in it is no object.

    """
    # Not above: a plain process has no such library. Hosts have it, because cloud-init needs it.
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents: list[Any] = [each for each in yaml.load_all(content, loader) if each is not None]
    except yaml.YAMLError as error:
        raise PackageError(f"{package.url} is not YAML: {' '.join(str(error).split())}") from error
    for each in documents:
        if not isinstance(each, dict) or not {"apiVersion", "kind", "metadata"} <= set(each):
            raise PackageError(f"{package.url} has something that is no Kubernetes object: {each!r:.80}")
    return tuple(documents)


def _artifact(package: Package) -> Artifact:
    """A package as a download like those of the lock file."""
    return Artifact(
        name=package.name,
        version=package.version,
        url=package.url,
        sha256=package.sha256,
        archive=None,
        strip_components=0,
        install={},
        version_command=(),
    )
