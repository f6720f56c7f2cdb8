"""Puts what machines of this cluster lack into the state bucket: programs, and packages of addons.

A timer runs it on each master.
Never a part of a boot: it begins when the master is in service, and what fails is tried in the next turn.
"""

import json
from collections.abc import Sequence

from kubequorum_node import image_credentials
from kubequorum_node.aws.state_store import MissingObjectError, PreconditionError
from kubequorum_node.errors import NodeError
from kubequorum_node.host import CommandError
from kubequorum_node.kubernetes.api_server import kubectl
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.supply import uses
from kubequorum_node.system import lockfile, object_packages, program_copies, programs
from kubequorum_node.system.download import DownloadError
from kubequorum_node.system.lockfile import Artifact


def run(node: Node) -> None:
    """One turn: say what is used, put what is missing, delete what has long been unused.

    Raises:
        NodeError: something could not be put; with what it was.

    """
    artifacts = wanted(node)
    uses.name(node, [artifact.checksum for artifact in artifacts])
    entries = list(node.store.entries(program_copies.PREFIX))
    there = {entry.key.removeprefix(program_copies.PREFIX) for entry in entries}
    failures = _put_all(node, artifacts, there)
    uses.delete_unused(node, entries)
    if failures:
        raise NodeError(f"not in the state bucket, which is tried again: {'; '.join(failures)}")


def wanted(node: Node) -> list[Artifact]:
    """What boots of this cluster fetch.

    An architecture has one image, so what this master's image lacked, all machines of its architecture lack.
    Of images of other architectures it knows nothing: their machines get everything, unless this image has
    everything. Packages of addons are the same for all of them. What has no checksum in the lock file, images
    must have: no boot fetches it.
    """
    return [*_programs(node), *object_packages.lacked(node)]


def _programs(node: Node) -> list[Artifact]:
    lacked = programs.lacked(node)
    own = [artifact for artifact in programs.needed(node) if artifact.sha256 in lacked]
    if not own:
        return []
    others = sorted(_architectures(node) - {node.identity.architecture})
    of_others = [
        artifact
        for architecture in others
        for artifact in lockfile.needed(
            node.document.kubernetes_version,
            architecture=architecture,
            master=False,
            runtime=node.runtime.artifacts,
            further=image_credentials.programs(node.document),
        )
        if artifact.sha256 is not None
    ]
    return [*own, *of_others]


def _architectures(node: Node) -> set[str]:
    """Those of the cluster's nodes. Not from the cluster file: a new worker group must not replace masters.

    What nodes say of themselves may be a lie: then the bucket has more programs of the lock file.
    """
    try:
        items = json.loads(kubectl(node, "get", "nodes", "--output=json").stdout)["items"]
    except CommandError as error:
        warning(f"other architectures are left for the next turn: {error}")
        return set()
    found = {str(each.get("status", {}).get("nodeInfo", {}).get("architecture")) for each in items}
    return found & set(lockfile.ARCHITECTURES)


def _put_all(node: Node, artifacts: Sequence[Artifact], there: set[str]) -> list[str]:
    """Put what is missing; returns what failed."""
    failures = []
    # What is here first: when upstream is away, each other one would take a minute to find that out.
    for artifact in sorted(artifacts, key=lambda each: not programs.kept_download(node, each).exists()):
        try:
            _put(node, artifact, is_there=artifact.checksum in there)
        except DownloadError as error:
            failures.append(str(error))
            break
        except Exception as error:
            # Whatever it is, it does not keep the others back.
            failures.append(f"{artifact.name} {artifact.version}: {error}")
    return failures


def _put(node: Node, artifact: Artifact, *, is_there: bool) -> None:
    """Put one, unless it is there and intact: that is looked at if this master had to download it anyway."""
    kept = programs.kept_download(node, artifact)
    if is_there and (not kept.exists() or _is_intact(node, artifact)):
        kept.unlink(missing_ok=True)
        return
    key = program_copies.key(artifact.checksum)
    with programs.work_folder(node) as folder:
        file = kept
        if not kept.exists() or program_copies.sha256_of(kept) != artifact.checksum:
            file = folder / "download"
            programs.download_upstream(node, artifact, file)
        if is_there:
            warning(f"s3://{node.config.bucket}/{key} is damaged: {artifact.name} is put there again")
            node.store.delete([key])
        try:
            node.store.create(key, file)
            info(f"{artifact.name} {artifact.version} is in the state bucket now")
        except PreconditionError:
            info(f"another master has put {artifact.name} {artifact.version} into the state bucket")
    kept.unlink(missing_ok=True)


def _is_intact(node: Node, artifact: Artifact) -> bool:
    with programs.work_folder(node) as folder:
        try:
            return program_copies.take(node, artifact.checksum, folder / "copy")
        except MissingObjectError:
            return False
