"""The cluster that faults share one after the other, and a new one after a fault that left it unhealthy."""

from contextlib import ExitStack
from pathlib import Path

import yaml

from kubequorum_cli.errors import CommandError
from lab.settings import Settings
from lab.workload.program import historian
from tests.deploy.deployment import Deployment, bootstrapped
from tests.faults.expectations import is_healthy

FURTHER_IMAGES = {"ami-00000000000001372": "1.37.2"}
"""Machine images that the clusters have besides, each with its version of Kubernetes: for updates."""
WORKERS = 1
"""Fewer than clusters/local.yaml has: the processors are for the masters."""


class Pool:
    """At most one cluster at a time."""

    def __init__(self, folder: Path) -> None:
        """`folder` must be empty."""
        self._folder = folder
        self._number = 0
        self._stack = ExitStack()
        self._cluster: Deployment | None = None

    def cluster(self) -> Deployment:
        """The cluster; deployed from nothing if there is none."""
        if self._cluster is None:
            self._number += 1
            # Before there are machines: it may have to be built, which takes the processors for a minute.
            historian()
            work = self._folder / f"cluster-{self._number}"
            deployment = self._stack.enter_context(
                bootstrapped(work, machines="nspawn", further_images=FURTHER_IMAGES)
            )
            try:
                deploy(deployment)
            except BaseException:
                # Its machines must not take the processors from the next one's.
                self.discard()
                raise
            self._cluster = deployment
        return self._cluster

    def discard_if_unhealthy(self) -> None:
        """Remove the cluster unless it is healthy: the next test must not find what the last one left."""
        if self._cluster is not None:
            try:
                healthy = is_healthy(self._cluster)
            except Exception:
                healthy = False
            if not healthy:
                self.discard()

    def discard(self) -> None:
        """Remove the cluster with everything that belongs to it; safe to repeat."""
        self._cluster = None
        self._stack.close()


def cluster_image() -> str:
    """The machine image of clusters/local.yaml, with the default version of Kubernetes."""
    document = yaml.safe_load(Settings().default_cluster.read_text(encoding="utf-8"))
    return str(document["image"]["amd64"])


def deploy(deployment: Deployment) -> None:
    """Deploy with as few workers as will do."""
    path = deployment.cdk.cluster_file
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["worker_groups"][0]["min_size"] = WORKERS
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    try:
        deployment.deploy()
    except CommandError as error:
        raise AssertionError(f"{error.what}\n{error.why}") from error
