"""external-dns, the real program, on real machines, with its own role, beside the cluster's own names."""

from typing import Any

import pytest

from tests.deploy.deployment import Deployment
from tests.kubernetes.addons.names import ANNOTATION, DOMAIN, records_of
from tests.kubernetes.pods import PORT, available_deployment

pytestmark = pytest.mark.deploy

_NAME = f"shop.{DOMAIN}."
_OWNER = f"a-owner.{_NAME}"


def _service(*names: str) -> dict[str, Any]:
    """A Service without an address of its own: its name has those of its pods."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop", "annotations": {ANNOTATION: ",".join(names)}},
        "spec": {"clusterIP": "None", "selector": {"app": "shop"}, "ports": [{"port": PORT}]},
    }


def test_the_name_of_a_service_appears_and_disappears(cluster: Deployment) -> None:
    """With the addresses of its pods, and a record that says whose it is; other records stay as they are.

    A Service that claims the API's name is not heard.
    """
    before = records_of(cluster)
    own = f"api.{DOMAIN.partition('.')[2]}"
    assert (f"{own}.", "A") in before
    cluster.apply(available_deployment("shop", copies=2)[0], _service(_NAME.rstrip("."), own))
    cluster.wait_until(lambda: len(records_of(cluster).get((_NAME, "A"), [])) == 2, "both pods have the name")
    addresses = [pod["status"]["podIP"] for pod in cluster.get("pods", "-l", "app=shop")]
    records = records_of(cluster)
    assert records.pop((_NAME, "A")) == sorted(addresses)
    (owner,) = records.pop((_OWNER, "TXT"))
    assert "external-dns/owner=local," in owner
    assert records == before
    cluster.kubectl("delete", "service,deployment", "shop")
    cluster.wait_until(lambda: records_of(cluster) == before, "the name is gone, and its owner's record")


def test_it_has_its_own_role_and_no_other(cluster: Deployment) -> None:
    """What the stack made is what its pod presents; a node's role is out of reach for pods."""
    (pod,) = cluster.get("pods", "-n", "kube-system", "-l", "app.kubernetes.io/name=external-dns")
    assert not pod["spec"].get("hostNetwork")
    environment = {entry["name"]: entry.get("value") for entry in pod["spec"]["containers"][0]["env"]}
    role = cluster.client("iam").get_role(RoleName="local-us-east-1-external-dns")["Role"]
    assert environment["AWS_ROLE_ARN"] == role["Arn"]
