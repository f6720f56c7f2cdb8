"""Pods whose images only the account's private registry has: nodes pull them with their own roles."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.tests.api.ecr.registry_client import Registry, authorization
from lab.artifacts import ensure
from lab.artifacts.image_file import write_image
from lab.artifacts.settings import Settings
from tests.deploy.deployment import Deployment
from tests.kubernetes.waiting import worker_names

pytestmark = pytest.mark.deploy

_HOST = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
_ALLOWED, _OTHER = "apps/probe", "other/probe"
"""clusters/local.yaml names `apps/*`."""


@pytest.fixture(scope="module")
def registry(cluster: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The account's registry with an image in two repositories, one layer of which no machine has."""
    folder = tmp_path_factory.mktemp("image")
    marker = folder / "marker"
    marker.write_text(str(time.time_ns()))
    archive = folder / "image.tar"
    netprobe = ensure(["netprobe"]).programs["netprobe"]
    write_image(
        archive,
        references=["localhost/probe:1"],
        files={"/netprobe": netprobe, "/marker": marker},
        entrypoint=["/netprobe"],
        architecture=Settings.from_environment().architecture,
        user="65532:65532",
    )
    ecr = cluster.client("ecr")
    assert cluster.target.endpoint_url is not None
    client = Registry(cluster.target.endpoint_url, host=_HOST, authorization=authorization(ecr))
    for repository in (_ALLOWED, _OTHER):
        ecr.create_repository(repositoryName=repository)
        client.push(archive, repository, "1")
    yield client
    for repository in (_ALLOWED, _OTHER):
        ecr.delete_repository(repositoryName=repository, force=True)


def _start(cluster: Deployment, name: str, *, repository: str, node: str) -> None:
    """Start a pod on a node, which asks the registry each time."""
    container = {
        "name": "probe",
        "image": f"{_HOST}/{repository}:1",
        "imagePullPolicy": "Always",
        "args": ["serve"],
    }
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "nodeSelector": {"kubernetes.io/hostname": node},
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
    }
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def _runs(cluster: Deployment, name: str) -> bool:
    return cluster.kubectl("get", "pod", name, "-o", "jsonpath={.status.phase}") == "Running"


def _run(cluster: Deployment, name: str, *, node: str) -> None:
    """Run a pod of the allowed repository on a node, and remove it again."""
    _start(cluster, name, repository=_ALLOWED, node=node)
    cluster.wait_until(lambda: _runs(cluster, name), f"pod {name} runs on {node}", seconds=60)
    cluster.kubectl("delete", "pod", name)


def test_a_worker_asks_for_another_token_before_one_expires(cluster: Deployment, registry: Registry) -> None:
    """It keeps a token for half of its life: one of 20 seconds would be refused for the second pod."""
    assert registry.ask("GET", "/v2/").status == 200
    node = worker_names(cluster)[0]
    fault = cluster.faults.short_registry_tokens(seconds=20)
    try:
        _run(cluster, "first-token", node=node)
        time.sleep(20)
        _run(cluster, "second-token", node=node)
    finally:
        cluster.faults.clear(fault)


@pytest.mark.usefixtures("registry")
def test_a_master_pulls_with_its_own_role(cluster: Deployment) -> None:
    """Not only workers run pods: addons may be there."""
    _run(cluster, "on-master", node=cluster.master("a"))


@pytest.mark.usefixtures("registry")
def test_a_repository_that_the_cluster_file_does_not_name_is_refused(cluster: Deployment) -> None:
    """And the pod says so; nobody gets it by way of a node that has pulled the same layers before."""
    _start(cluster, "not-allowed", repository=_OTHER, node=worker_names(cluster)[-1])
    said: list[str] = []

    def refused() -> bool:
        events = cluster.get("events", "--field-selector", "involvedObject.name=not-allowed,reason=Failed")
        said[:] = [event["message"] for event in events]
        return any("403 Forbidden" in message for message in said)

    cluster.wait_until(refused, "the pod's events name the refusal", seconds=60)
    assert any(f"{_HOST}/{_OTHER}:1" in message for message in said), said
    reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}"
    cluster.wait_until(
        lambda: (
            cluster.kubectl("get", "pod", "not-allowed", "-o", reason) in {"ErrImagePull", "ImagePullBackOff"}
        ),
        "the pod's status names the refusal, too",
        seconds=30,
    )
    cluster.kubectl("delete", "pod", "not-allowed")
