"""Clusters to measure on: one that stands, and empty embedded AWSes for new ones."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from lab import cdk, cluster_file, embedded_aws
from lab.cluster import Cluster, wait_until_healthy
from lab.commands import up
from lab.settings import Settings
from lab.target import current
from lab.toolchain import Toolchain

_HEALTHY_SECONDS = 300.0


@contextmanager
def clean(settings: Settings) -> Iterator[None]:
    """Remove everything of an embedded AWS before the block, also of a killed run, and after it."""
    remove(settings)
    try:
        yield
    finally:
        remove(settings)


def remove(settings: Settings) -> None:
    """Stop an embedded AWS with its machines and remove its folder; nothing to remove is not an error."""
    cdk.stop(settings)
    embedded_aws.stop(settings)
    shutil.rmtree(settings.work, ignore_errors=True)


def running_cluster(settings: Settings, folder: Path) -> Cluster:
    """The cluster of the embedded AWS that runs; this process becomes its administrator.

    `folder` is for clients' credentials and histories.
    """
    return Cluster(current(settings), machines_state=settings.machines_state, folder=folder)


def deployed_cluster(settings: Settings, tools: Toolchain, progress: Progress, folder: Path) -> Cluster:
    """A cluster like that of `make up`, deployed from nothing, with all its nodes Ready."""
    up.deploy(settings, cluster_file.read(settings.default_cluster), tools, progress)
    cluster = running_cluster(settings, folder)
    up.wait_until_ready(cluster.target, progress)
    return cluster


def require_health(cluster: Cluster, *, seconds: float = _HEALTHY_SECONDS) -> None:
    """Wait until nothing is wrong with a cluster: what is measured next must not pay for what was before.

    Raises:
        CommandError: something is still wrong after `seconds`.
    """
    if found := wait_until_healthy(cluster, seconds=seconds):
        raise CommandError(f"the cluster is not healthy after {seconds:.0f} s", why="\n".join(found))
