"""The cluster that all attacks share; skipped where real machines cannot run."""

from collections.abc import Iterator

import pytest

from emulator.machines.nspawn import unavailable_reason
from tests.attacks.attacker import Attacker
from tests.deploy.deployment import Deployment, deployed
from tests.kubernetes.waiting import wait_for_nodes


@pytest.fixture(scope="session", autouse=True)
def _machines() -> None:
    reason = unavailable_reason()
    if reason is not None:
        pytest.skip(f"no machines here: {reason}")


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml on real machines, deployed from nothing; all its nodes are Ready."""
    with deployed(tmp_path_factory.mktemp("attacks"), machines="nspawn") as deployment:
        wait_for_nodes(deployment, 5)
        yield deployment


@pytest.fixture(scope="package")
def worker(cluster: Deployment) -> Attacker:
    """The first worker, taken over: everything that is on it can be used."""
    return Attacker.first_worker(cluster)
