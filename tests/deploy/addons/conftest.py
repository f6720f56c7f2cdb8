"""The deployment that these tests share; each continues from the state that it finds."""

from collections.abc import Iterator

import pytest

from tests.deploy.addons import DOMAIN
from tests.deploy.deployment import Deployment, deployed


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml with every addon that has a role of its own."""
    addons: dict[str, object] = {
        "cloud_controller_manager": {"enabled": True},
        "cluster_autoscaler": {"enabled": True},
        "ebs_csi": {"enabled": True},
        "external_dns": {"enabled": True, "domain": DOMAIN},
        "metrics_server": {"enabled": False},
    }
    with deployed(tmp_path_factory.mktemp("addons"), addons=addons) as deployment:
        yield deployment
