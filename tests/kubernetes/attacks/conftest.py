"""The workers from which the cluster of the folder above is attacked."""

import pytest

from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import WORKERS, Attacker
from tests.kubernetes.attacks.impostor import Impostor


@pytest.fixture(scope="package")
def worker(cluster: Deployment) -> Attacker:
    """The first worker, taken over: everything that is on it can be used."""
    return Attacker.first_worker(cluster)


@pytest.fixture(scope="module")
def workers(cluster: Deployment) -> list[str]:
    """The instances of the two workers; the first is the impostor's."""
    return sorted(node["metadata"]["name"] for node in cluster.get(*WORKERS))


@pytest.fixture(scope="module")
def impostor(cluster: Deployment, workers: list[str]) -> Impostor:
    """Root on the first worker."""
    return Impostor(cluster, workers[0])
