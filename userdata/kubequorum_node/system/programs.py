"""The programs of a host: those in the image that have the right version stay, others are downloaded."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kubequorum_node.host import CommandError
from kubequorum_node.log import info
from kubequorum_node.node import Node
from kubequorum_node.system import download, lockfile
from kubequorum_node.system.lockfile import Artifact

_AT_ONCE = 4
_DOWNLOADS = "/var/cache/kubequorum"


def install(node: Node) -> None:
    """Install every program that is missing or has another version than the lock file.

    Raises:
        ChecksumError: a download has another checksum than the lock file.
        DownloadError: a program cannot be downloaded.

    """
    artifacts = lockfile.needed(
        node.document.kubernetes_version,
        architecture=node.identity.architecture,
        master=node.is_master,
        runtime=node.runtime.artifacts,
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda artifact: _install_one(node, artifact), artifacts))


def _install_one(node: Node, artifact: Artifact) -> None:
    if is_installed(node, artifact):
        info(f"{artifact.name} {artifact.version} is in the image")
        return
    source = artifact.source(node.document.mirror)
    begin = node.clock.now()
    node.host.path(_DOWNLOADS).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kubequorum-", dir=node.host.path(_DOWNLOADS)) as name:
        folder = Path(name)
        file = folder / "download"
        download.fetch(source, file, sha256=artifact.sha256, aws=node.aws, clock=node.clock)
        if artifact.archive is None:
            (program,) = artifact.install
            file.rename(folder / program)
        else:
            wanted = {program: program for program in artifact.install}
            download.unpack_tar(file, folder, wanted=wanted, strip_components=artifact.strip_components)
        for program, path in artifact.install.items():
            _put(folder / program, node.host.path(path))
    info(f"{artifact.name} {artifact.version} came from {source} in {node.clock.now() - begin:.1f} s")


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
