"""Private registries in a cluster file: what is refused, and what reaches machines."""

from pathlib import Path
from typing import Any

import pytest

from kubequorum.cluster_documents import master_document, worker_document
from kubequorum.config import Cluster
from tests.unit.config.cluster_files import Mistake, accepted, assert_reported, changed, errors

_ECR = ("registries", "ecr")
_HOST = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
_IMAGE = ("addons", "metrics_server", "image")


def _registry(**values: Any) -> dict[str, Any]:
    return {"repositories": ["shop/*"], **values}


MISTAKES: list[Mistake] = [
    ("no repositories", _ECR, [{}], ("registries.ecr.0.repositories", "is missing")),
    ("an empty list of them", _ECR, [{"repositories": []}], ("registries.ecr.0.repositories",)),
    ("upper case", _ECR, [{"repositories": ["Shop"]}], ("registries.ecr.0.repositories.0 = Shop",)),
    ("a tag", _ECR, [{"repositories": ["shop:1"]}], ("registries.ecr.0.repositories.0 = shop:1",)),
    ("an account as a number", _ECR, [_registry(account=444455556666)], ("registries.ecr.0.account",)),
    (
        "one registry twice",
        _ECR,
        [_registry(), _registry(account="111122223333")],
        (
            "registries.ecr.1 = 111122223333 in eu-central-1",
            "is the registry of registries.ecr.0, too",
            "name all of its repositories in one entry",
        ),
    ),
    (
        "another partition",
        _ECR,
        [_registry(region="us-gov-west-1")],
        ("registries.ecr.0.region = us-gov-west-1", "another partition of AWS than eu-central-1", "copy the"),
    ),
    (
        "China",
        _ECR,
        [_registry(region="cn-north-1")],
        ("registries.ecr.0.region = cn-north-1", "another partition of AWS than eu-central-1"),
    ),
    (
        "an addon's image without a registry",
        _IMAGE,
        f"{_HOST}/kube/metrics-server:v0.9.0",
        (
            f"addons.metrics_server.image = {_HOST}/kube/metrics-server:v0.9.0",
            "nodes may not pull from, so metrics-server would never start",
            'add it to registries.ecr: {account: "111122223333", region: eu-central-1, '
            "repositories: [kube/metrics-server]}",
        ),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake[0])
def test_mistakes(tmp_path: Path, mistake: Mistake) -> None:
    """The message names the key, the value and the remedy."""
    assert_reported(tmp_path, mistake)


@pytest.mark.parametrize(
    ("repositories", "image", "fits"),
    [
        (["kube/*"], f"{_HOST}/kube/metrics-server:v0.9.0", True),
        (["*"], f"{_HOST}/kube/metrics-server@sha256:{'0' * 64}", True),
        (["kube/metrics-server"], "111122223333.dkr-ecr.eu-central-1.on.aws/kube/metrics-server:v1", True),
        (["kube/metrics"], f"{_HOST}/kube/metrics-server:v0.9.0", False),
        (["*"], "444455556666.dkr.ecr.eu-central-1.amazonaws.com/kube/metrics-server:v1", False),
        (["*"], "111122223333.dkr.ecr.eu-west-1.amazonaws.com/kube/metrics-server:v1", False),
        (["*"], "111122223333.dkr.ecr.eu-central-1.amazonaws.com.cn/kube/metrics-server:v1", False),
        (["other"], "public.ecr.aws/kube/metrics-server:v1", True),
    ],
)
def test_an_addons_image_must_be_in_a_repository_of_the_list(
    tmp_path: Path, repositories: list[str], image: str, *, fits: bool
) -> None:
    """Compared as IAM does, in account and region; public registries need none."""
    document = changed(_IMAGE, image)
    document["registries"] = {"ecr": [{"repositories": repositories}]}
    if fits:
        accepted(tmp_path, document)
    else:
        assert f"addons.metrics_server.image = {image}" in errors(tmp_path, document)


def test_a_repository_of_another_registry_does_not_count(tmp_path: Path) -> None:
    """Both registries are in the list, but each with repositories of its own."""
    document = changed(_IMAGE, f"{_HOST}/kube/metrics-server:v1")
    registries = [_registry(), {"account": "444455556666", "repositories": ["kube/*"]}]
    document["registries"] = {"ecr": registries}
    assert "addons.metrics_server.image" in errors(tmp_path, document)
    registries[0]["repositories"].append("kube/*")
    accepted(tmp_path, document)


def test_an_addon_that_is_off_may_name_any_image(tmp_path: Path) -> None:
    """Nobody pulls it."""
    document = changed(_IMAGE, f"{_HOST}/kube/metrics-server:v0.9.0")
    document["addons"]["metrics_server"]["enabled"] = False
    accepted(tmp_path, document)


@pytest.mark.parametrize(
    ("network", "reached"),
    [
        ({"nat": "none"}, False),
        ({"nat": "none", "https_proxy": "http://proxy.example.com:3128"}, True),
        ({"nat": "single"}, True),
    ],
)
def test_another_region_needs_a_way_out_of_the_vpc(
    tmp_path: Path, network: dict[str, Any], *, reached: bool
) -> None:
    """Endpoints lead to the registries of one region: of all accounts, but of no other region."""
    document = changed(("artifacts", "mirror"), "s3://my-mirror/kubernetes")
    document["kubernetes"]["image_repository"] = "registry.example.com/kubernetes"
    document["api"] = {"exposure": "internal"}
    document["network"].update(network)
    document["registries"] = {"ecr": [_registry(account="444455556666"), _registry(region="eu-west-1")]}
    if reached:
        accepted(tmp_path, document)
        return
    message = errors(tmp_path, document)
    assert "registries.ecr.1.region = eu-west-1: with network.nat = none nothing leads there" in message
    assert "registries.ecr.0" not in message


@pytest.mark.parametrize(
    ("host", "nat", "reached"),
    [
        ("dkr-ecr.eu-central-1.on.aws", "none", False),
        ("dkr.ecr-fips.eu-central-1.amazonaws.com", "none", False),
        ("dkr.ecr.eu-central-1.amazonaws.com", "none", True),
        ("dkr-ecr.eu-central-1.on.aws", "single", True),
    ],
)
def test_endpoints_have_one_of_a_registrys_names(
    tmp_path: Path, host: str, nat: str, *, reached: bool
) -> None:
    """An addon's image with another one would never be pulled."""
    image = f"111122223333.{host}/kube/metrics-server:v1"
    document = changed(_IMAGE, image)
    document["artifacts"] = {"mirror": "s3://my-mirror/kubernetes"}
    document["kubernetes"]["image_repository"] = "registry.example.com/kubernetes"
    document["api"] = {"exposure": "internal"}
    document["network"]["nat"] = nat
    document["registries"] = {"ecr": [{"repositories": ["*"]}]}
    if reached:
        accepted(tmp_path, document)
        return
    message = errors(tmp_path, document)
    assert f"addons.metrics_server.image = {image}: with network.nat = none nothing leads there" in message
    assert "name it 111122223333.dkr.ecr.eu-central-1.amazonaws.com/kube/metrics-server:v1" in message


def test_masters_and_workers_know_all_names_of_a_registry() -> None:
    """Also those for IPv6 and FIPS 140: an image may be named by any of them."""
    cluster = Cluster.model_validate(
        changed(_ECR, [_registry(), _registry(account="444455556666", region="us-east-1")])
    )
    expected = tuple(
        f"{account}.{host}"
        for account, region in (("111122223333", "eu-central-1"), ("444455556666", "us-east-1"))
        for host in (
            f"dkr.ecr.{region}.amazonaws.com",
            f"dkr.ecr-fips.{region}.amazonaws.com",
            f"dkr-ecr.{region}.on.aws",
            f"dkr-ecr-fips.{region}.on.aws",
        )
    )
    assert master_document(cluster, stack="x").private_registries == expected
    for group in cluster.worker_groups:
        assert worker_document(cluster, group, stack="x").private_registries == expected
