"""The worker from which the cluster of the folder above is attacked."""

import pytest

from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import Attacker


@pytest.fixture(scope="package")
def worker(cluster: Deployment) -> Attacker:
    """The first worker, taken over: everything that is on it can be used."""
    return Attacker.first_worker(cluster)
