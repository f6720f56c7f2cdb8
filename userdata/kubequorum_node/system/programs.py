"""The programs of a host: those in the image that have the right version stay, others are fetched.

They come from the state bucket (`program_copies`), and what it does not have, or has damaged, from upstream
or the mirror.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from kubequorum_node import image_credentials
from kubequorum_node.host import CommandError
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.system import download, lockfile
from kubequorum_node.system.lockfile import Artifact, UnpinnedError
from kubequorum_node.system.program_copies import BootCopies

_AT_ONCE = 4
_DOWNLOADS = "/var/cache/kubequorum"
_LACKED = "/var/lib/kubequorum/programs-not-in-image.json"
"""Sums of what was missing at the first boot: later ones find it installed."""


def install(node: Node) -> None:
    """Install every program that is missing or has another version than the lock file.

    Raises:
        UnpinnedError: a program is missing, and the lock file has no checksum of it; nothing is changed.
        ChecksumError: a download has another checksum than the lock file.
        DownloadError: a program cannot be downloaded.

    """
    artifacts = needed(node)
    copies = BootCopies(node)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        installed = list(pool.map(lambda artifact: is_installed(node, artifact), artifacts))
        lacking = [each for each, there in zip(artifacts, installed, strict=True) if not there]
        if not lacking:
            info("all programs are installed")
            return
        if unpinned := [each for each in lacking if each.sha256 is None]:
            raise UnpinnedError(unpinned, kubernetes_version=node.document.kubernetes_version)
        _record(node, lacking)
        list(pool.map(lambda artifact: _install_one(node, artifact, copies), lacking))


def needed(node: Node) -> list[Artifact]:
    """What this host needs."""
    return lockfile.needed(
        node.document.kubernetes_version,
        architecture=node.identity.architecture,
        master=node.is_master,
        runtime=node.runtime.artifacts,
        further=image_credentials.programs(node.document),
    )


def lacked(node: Node) -> set[str]:
    """Sums of what this host's image did not have."""
    try:
        return set(json.loads(node.host.read(_LACKED) or "[]"))
    except (ValueError, TypeError) as error:
        warning(f"{_LACKED} cannot be read ({error!r}): taken for empty")
        return set()


def kept_download(node: Node, artifact: Artifact) -> Path:
    """Where a master keeps what it downloaded, until it is in the state bucket."""
    return node.host.path(f"{_DOWNLOADS}/{artifact.checksum}")


def download_upstream(node: Node, artifact: Artifact, target: Path) -> str:
    """Download from upstream or the mirror; returns from where.

    Raises:
        ChecksumError: it has another checksum than the lock file.
        DownloadError: it cannot be downloaded.

    """
    source = artifact.source(node.document.mirror)
    download.fetch(source, target, sha256=artifact.checksum, aws=node.aws, clock=node.clock)
    return source


@contextmanager
def work_folder(node: Node) -> Iterator[Path]:
    """A folder for a download, on the file system of those that are kept."""
    node.host.path(_DOWNLOADS).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kubequorum-", dir=node.host.path(_DOWNLOADS)) as name:
        yield Path(name)


def _record(node: Node, lacking: Sequence[Artifact]) -> None:
    """Before anything is installed: a boot that is interrupted finds a part of it there."""
    sums = lacked(node) | {artifact.checksum for artifact in lacking}
    node.host.write(_LACKED, json.dumps(sorted(sums)))


def _install_one(node: Node, artifact: Artifact, copies: BootCopies) -> None:
    begin = node.clock.now()
    with work_folder(node) as folder:
        file = folder / "download"
        copied = copies.take(artifact, file)
        source = "the state bucket" if copied else download_upstream(node, artifact, file)
        if artifact.archive is None:
            (path,) = artifact.install.values()
            _put(file, node.host.path(path))
        else:
            wanted = {program: program for program in artifact.install}
            download.unpack_tar(file, folder, wanted=wanted, strip_components=artifact.strip_components)
            for program, path in artifact.install.items():
                _put(folder / program, node.host.path(path))
        if node.is_master and not copied:
            _keep(node, artifact, file)
    info(f"{artifact.name} {artifact.version} came from {source} in {node.clock.now() - begin:.1f} s")


def _keep(node: Node, artifact: Artifact, file: Path) -> None:
    try:
        file.replace(kept_download(node, artifact))
    except OSError as error:
        warning(f"{artifact.name} is not kept for the state bucket: {error}")


def is_installed(node: Node, artifact: Artifact) -> bool:
    """Whether all programs of an artifact are installed in its version."""
    if not all(node.host.path(path).exists() for path in artifact.install.values()):
        return False
    program, *arguments = artifact.version_command
    try:
        printed = node.host.run(
            str(node.host.path(artifact.install[program])), *arguments, timeout=20, check=False
        )
    except CommandError:
        return False
    return artifact.is_version(printed.stdout + printed.stderr)


def _put(source: Path, target: Path) -> None:
    """Replace a program atomically, across file systems and while the old one runs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(source.read_bytes())
    part.chmod(0o755)
    part.replace(target)
