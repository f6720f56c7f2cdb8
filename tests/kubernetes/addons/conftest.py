"""The cluster that the tests of this folder share; they leave it without a master that it had."""

from collections.abc import Iterator

import pytest

from tests.deploy.deployment import Deployment, deployed
from tests.kubernetes.addons.names import DOMAIN
from tests.kubernetes.addons.reachability import address_of, pod, run, service
from tests.kubernetes.pods import PORT
from tests.kubernetes.waiting import wait_for_nodes, worker_names

CALICO: dict[str, object] = {"plugin": "calico", "calico": {"version": "3.28.5"}}
"""The version that local machines have images of."""


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml on real machines, with Calico and all addons whose programs can be built."""
    addons: dict[str, object] = {
        "cloud_controller_manager": {"enabled": True},
        "external_dns": {"enabled": True, "domain": DOMAIN},
    }
    with deployed(
        tmp_path_factory.mktemp("addons"), machines="nspawn", addons=addons, network=CALICO
    ) as deployment:
        wait_for_nodes(deployment, 5)
        yield deployment


@pytest.fixture(scope="package")
def pods(cluster: Deployment) -> dict[str, str]:
    """Two servers on one worker, clients on the other and in another namespace; the servers' addresses."""
    near, far = worker_names(cluster)
    cluster.kubectl("create", "namespace", "other")
    cluster.apply(service("server"), service("second"))
    run(
        cluster,
        pod("server", node=far),
        pod("second", node=far),
        pod("client", node=near),
        pod("bystander", node=near),
        pod("stranger", node=near, namespace="other"),
    )
    return {name: f"{address_of(cluster, name)}:{PORT}" for name in ("server", "second")}
