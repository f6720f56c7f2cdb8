"""Private registries: what nodes may pull, and how they get there without NAT."""

from typing import Any

import pytest

from tests.synthesis import synthesise

_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def _ecr_statements(cluster: str) -> dict[str, list[dict[str, Any]]]:
    """By policy, those that say anything about ECR."""
    found = {}
    for logical_id, policy in synthesise(cluster).resources("AWS::IAM::Policy").items():
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        ecr = [each for each in statements if "ecr:" in str(each)]
        if ecr:
            found[logical_id] = ecr
    return found


def test_all_nodes_pull_what_the_cluster_file_names_and_nothing_else() -> None:
    """Masters and workers, of the own registry and another account's; nobody pushes, nobody lists."""
    found = _ecr_statements("private-registries")
    groups = ("MasterA", "MasterB", "MasterC", "Workersgeneral", "Workersbatch")
    assert len(found) == len(groups)
    assert all(any(logical_id.startswith(group) for logical_id in found) for group in groups)
    own = "arn:<AWS::Partition>:ecr:eu-central-1:111122223333:repository"
    for token, pull in found.values():
        assert token == {
            "Sid": "RegistryToken",
            "Effect": "Allow",
            "Action": "ecr:GetAuthorizationToken",
            "Resource": "*",
        }
        assert pull["Action"] == _PULL
        assert [_flat(each) for each in pull["Resource"]] == [
            f"{own}/base",
            f"{own}/shop/*",
            "arn:<AWS::Partition>:ecr:us-east-1:444455556666:repository/platform/*",
        ]


@pytest.mark.parametrize("cluster", ["ha", "dev", "without-nat"])
def test_without_registries_no_role_may_even_get_a_token(cluster: str) -> None:
    """Which repositories nodes need only the cluster file can say."""
    assert _ecr_statements(cluster) == {}


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [("private-registries-without-nat", {"ecr.api", "ecr.dkr"}), ("without-nat", set())],
)
def test_without_nat_registries_are_reached_through_endpoints(cluster: str, expected: set[str]) -> None:
    """ECR's API and its registry, with private names; layers come from S3, whose gateway is there anyway."""
    endpoints = [
        each["Properties"] for each in synthesise(cluster).resources("AWS::EC2::VPCEndpoint").values()
    ]
    ecr = {_service(each): each for each in endpoints if ".ecr." in str(each["ServiceName"])}
    assert set(ecr) == expected
    assert all(each["PrivateDnsEnabled"] for each in ecr.values())
    assert "s3" in {_service(each) for each in endpoints if each.get("VpcEndpointType") == "Gateway"}


def test_with_nat_there_are_no_endpoints_of_ecr() -> None:
    """They cost by the hour, in each zone."""
    assert ".ecr." not in str(synthesise("private-registries").resources("AWS::EC2::VPCEndpoint"))


def _service(endpoint: dict[str, Any]) -> str:
    return ".".join(_flat(endpoint["ServiceName"]).split(".")[3:])


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return f"<{value['Ref']}>"
    return "".join(_flat(part) for part in value["Fn::Join"][1])
