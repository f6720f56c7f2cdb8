"""The cluster that this folder and `attacks` share; skipped where real machines cannot run."""

from collections.abc import Iterator

import pytest

from emulator.machines.nspawn import unavailable_reason
from tests.deploy.deployment import Deployment, deployed
from tests.kubernetes.waiting import wait_for_nodes
from tests.lab.program import Program


@pytest.fixture(scope="session", autouse=True)
def _machines() -> None:
    reason = unavailable_reason()
    if reason is not None:
        pytest.skip(f"no machines here: {reason}")


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml on real machines, deployed from nothing; all its nodes are Ready."""
    with deployed(tmp_path_factory.mktemp("kubernetes"), machines="nspawn") as deployment:
        wait_for_nodes(deployment, 5)
        yield deployment


@pytest.fixture
def program(cluster: Deployment) -> Program:
    """The command line for this cluster, as a person runs it."""
    settings = cluster.cdk.settings
    return Program(work=settings.work, app=settings.app, machines="nspawn")
