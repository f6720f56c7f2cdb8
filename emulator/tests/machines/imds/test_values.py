"""Paths and values of the metadata service, requested over HTTP as an instance does."""

import json

import pytest

from emulator.tests.machines.imds.client import Client, serving
from emulator.tests.machines.stand_ins import Facts, instance


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("meta-data/instance-id", "i-0123456789abcdef0"),
        ("meta-data/ami-id", "ami-0c"),
        ("meta-data/instance-type", "m7g.large"),
        ("meta-data/mac", "0e:00:0a:00:20:07"),
        ("meta-data/local-ipv4", "10.0.32.7"),
        ("meta-data/hostname", "ip-10-0-32-7.ec2.internal"),
        ("meta-data/local-hostname", "ip-10-0-32-7.ec2.internal"),
        ("meta-data/placement/availability-zone", "us-east-1b"),
        ("meta-data/placement/region", "us-east-1"),
        ("meta-data/placement/availability-zone/", "us-east-1b"),
        ("meta-data/services/domain", "amazonaws.com"),
        ("meta-data/autoscaling/target-lifecycle-state", "InService"),
        ("meta-data/network/interfaces/macs/0e:00:0a:00:20:07/subnet-id", "subnet-0b"),
        ("meta-data/network/interfaces/macs/0e:00:0a:00:20:07/security-group-ids", "sg-01\nsg-02"),
        ("meta-data/network/interfaces/macs/0e:00:0a:00:20:07/vpc-ipv4-cidr-blocks", "10.0.0.0/16"),
        ("user-data", "#!/bin/sh\necho hello\n"),
    ],
)
def test_a_value_is_what_ec2_knows_of_the_instance(imds: Client, path: str, content: str) -> None:
    """Each path holds the instance's own value."""
    assert imds.get(path) == (200, content)


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("", "dynamic\nmeta-data\nuser-data"),
        ("meta-data/iam/security-credentials/", "node-role"),
        ("meta-data/network/interfaces/macs/", "0e:00:0a:00:20:07/"),
        ("meta-data/placement", "availability-zone\nregion"),
    ],
)
def test_a_folder_is_listed(imds: Client, path: str, lines: str) -> None:
    """A folder lists its entries, folders in it marked by a slash, with or without a slash in the request."""
    assert imds.get(path) == (200, lines)


@pytest.mark.parametrize(
    "path",
    [
        "meta-data/no-such-thing",
        "meta-data/mac/below",
        "meta-data/tags/instance/",
        "meta-data/iam/security-credentials/other-role",
        "../etc/passwd",
    ],
)
def test_what_does_not_exist_is_not_found(imds: Client, path: str) -> None:
    """404 for unknown paths, below a value, for tags (off), and for another role."""
    assert imds.get(path)[0] == 404


def test_tags_are_there_where_they_are_turned_on() -> None:
    """By their keys, as they are at the moment of asking; without any there is no such folder."""
    facts = Facts()
    with serving(instance(shows_tags=True), facts) as client:
        assert client.get("meta-data/tags/instance") == (200, "Name")
        assert client.get("meta-data/tags/instance/Name") == (200, "stand-in")
        facts.named = {"Name": "other", "example:slot": "a"}
        assert client.get("meta-data/tags/instance") == (200, "Name\nexample:slot")
        assert client.get("meta-data/tags/instance/Name") == (200, "other")
        facts.named = {}
        assert client.get("meta-data/tags/instance")[0] == 404


def test_the_identity_document_describes_the_instance(imds: Client) -> None:
    """It is JSON and carries account, region, zone and architecture."""
    status, body = imds.get("dynamic/instance-identity/document")
    document = json.loads(body)
    assert status == 200
    assert (document["accountId"], document["region"], document["availabilityZone"]) == (
        "000000000000",
        "us-east-1",
        "us-east-1b",
    )
    assert document["architecture"] == "arm64"


def test_without_role_group_and_user_data_there_are_no_such_paths() -> None:
    """iam/, autoscaling/ and user-data exist only where there is something to show."""
    bare = instance(user_data=b"", instance_profile_arn=None)
    with serving(bare, Facts(state=None, role=None)) as client:
        listing = client.get("meta-data/")[1].split("\n")
        assert "iam/" not in listing
        assert "autoscaling/" not in listing
        for path in ("meta-data/iam/info", "meta-data/autoscaling/target-lifecycle-state", "user-data"):
            assert client.get(path)[0] == 404


def test_the_target_state_is_read_on_every_request() -> None:
    """A group's decision to terminate shows at once."""
    facts = Facts(state="InService")
    with serving(facts=facts) as client:
        assert client.get("meta-data/autoscaling/target-lifecycle-state")[1] == "InService"
        facts.state = "Terminated"
        assert client.get("meta-data/autoscaling/target-lifecycle-state")[1] == "Terminated"


def test_notices_are_there_once_they_are_given() -> None:
    """404 before; they are read on every request, and folders may have several."""
    facts = Facts()
    with serving(facts=facts) as client:
        assert client.get("meta-data/spot/instance-action")[0] == 404
        facts.announced = {
            "spot/instance-action": '{"action": "terminate"}',
            "events/recommendations/rebalance": "{}",
            "events/maintenance/scheduled": "[]",
        }
        for path, text in facts.announced.items():
            assert client.get(f"meta-data/{path}")[1] == text
        assert client.get("meta-data/events")[1] == "maintenance/\nrecommendations/"


def test_a_failure_of_the_emulator_is_a_server_error() -> None:
    """500, and the service goes on answering."""

    class Broken(Facts):
        def credentials(self, _instance_id: str) -> None:
            raise RuntimeError("no session")

    with serving(facts=Broken()) as client:
        assert client.get("meta-data/iam/security-credentials/node-role")[0] == 500
        assert client.get("meta-data/mac")[0] == 200
