"""The cluster that faults share one after the other, and a new one after a fault that left it broken."""

from contextlib import ExitStack
from pathlib import Path

import yaml

from kubequorum_cli.errors import CommandError
from lab.workload.program import historian
from tests.deploy.deployment import Deployment, bootstrapped
from tests.faults.cluster import Cluster
from tests.faults.expectations import complaints, member_ids

WORKERS = 1
"""Fewer than clusters/local.yaml has: the processors are for the masters."""


class Pool:
    """At most one cluster at a time."""

    def __init__(self, folder: Path) -> None:
        """`folder` must be empty."""
        self._folder = folder
        self._number = 0
        self._stack = ExitStack()
        self._cluster: Cluster | None = None

    def cluster(self) -> Cluster:
        """The cluster; deployed from nothing if there is none."""
        if self._cluster is None:
            self._number += 1
            # Before there are machines: it may have to be built, which takes the processors for a minute.
            historian()
            work = self._folder / f"cluster-{self._number}"
            deployment = self._stack.enter_context(bootstrapped(work, machines="nspawn"))
            deploy(deployment)
            self._cluster = Cluster.of(deployment, work / "faults")
        return self._cluster

    def keep_if_well(self) -> None:
        """Remove it if it is not well: the next test must not find what the last one has left."""
        if self._cluster is not None:
            try:
                well = complaints(self._cluster, member_ids(self._cluster)) == []
            except Exception:
                well = False
            if not well:
                self.discard()

    def discard(self) -> None:
        """Remove it with everything that it has; safe to repeat."""
        self._cluster = None
        self._stack.close()


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
