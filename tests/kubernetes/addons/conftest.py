"""The cluster that the tests of this folder share; they leave it without a master that it had."""

from collections.abc import Iterator

import pytest

from tests.deploy.deployment import Deployment, deployed
from tests.kubernetes.addons.names import DOMAIN
from tests.kubernetes.waiting import wait_for_nodes


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml on real machines, with all addons that come with Kubequorum."""
    addons: dict[str, object] = {
        "cloud_controller_manager": {"enabled": True},
        "external_dns": {"enabled": True, "domain": DOMAIN},
    }
    with deployed(tmp_path_factory.mktemp("addons"), machines="nspawn", addons=addons) as deployment:
        wait_for_nodes(deployment, 5)
        yield deployment
