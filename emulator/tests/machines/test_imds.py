"""The instance metadata service, spoken to over HTTP as an instance does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from emulator.interfaces.machines import Instance
from emulator.machines.imds import ImdsServer, InstanceMetadata
from emulator.machines.imds.tokens import Tokens
from emulator.tests.machines.stand_ins import INSTANCE, Facts, instance

TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


class Client:
    """A client of one metadata service; every call is a request of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._address = urlsplit(url).netloc

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers (names in lower case)."""
        connection = HTTPConnection(self._address, timeout=10)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode(), {k.lower(): v for k, v in response.getheaders()}
        finally:
            connection.close()

    def token(self, seconds: int = 60) -> str:
        """A new session token."""
        status, body, _ = self.request("PUT", "/latest/api/token", {TTL: str(seconds)})
        assert status == 200
        return body

    def get(self, path: str) -> tuple[int, str]:
        """Status and content of a path below /latest, as IMDSv2 wants it asked."""
        return self.request("GET", f"/latest/{path}", {TOKEN: self.token()})[:2]


@contextmanager
def serving(machine: Instance = INSTANCE, facts: Facts | None = None) -> Iterator[Client]:
    """A metadata service for one instance."""
    metadata = InstanceMetadata(machine, facts or Facts())
    server = ImdsServer(host="127.0.0.1", resolve=lambda _client: metadata)
    try:
        yield Client(server.url)
    finally:
        server.close()


@pytest.fixture(scope="module")
def imds() -> Iterator[Client]:
    """The service of an instance in a group, with a role, that requires IMDSv2."""
    with serving() as client:
        yield client


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


def test_imdsv1_is_refused_where_tokens_are_required() -> None:
    """A request without a token gets 401; it is answered only where tokens are optional."""
    with serving() as strict:
        assert strict.request("GET", "/latest/meta-data/mac")[0] == 401
    with serving(instance(http_tokens_required=False)) as lax:
        assert lax.request("GET", "/latest/meta-data/mac")[0] == 200


@pytest.mark.parametrize("ttl", ["0", "21601", "-1", "soon", ""])
def test_a_token_needs_a_sensible_lifetime(imds: Client, ttl: str) -> None:
    """400 outside 1 to 21600 seconds, and for what is no number."""
    assert imds.request("PUT", "/latest/api/token", {TTL: ttl})[0] == 400


@pytest.mark.parametrize("ttl", ["1", "21600"])
def test_a_token_says_its_lifetime(imds: Client, ttl: str) -> None:
    """The limits are allowed and come back in the answer's header."""
    status, _, headers = imds.request("PUT", "/latest/api/token", {TTL: ttl})
    assert (status, headers[TTL.lower()]) == (200, ttl)


def test_a_token_without_a_lifetime_is_refused(imds: Client) -> None:
    """400 when the header is missing."""
    assert imds.request("PUT", "/latest/api/token")[0] == 400


def test_a_forwarded_request_gets_no_token(imds: Client) -> None:
    """403 when a proxy has handled the request."""
    headers = {TTL: "60", "X-Forwarded-For": "203.0.113.5"}
    assert imds.request("PUT", "/latest/api/token", headers)[0] == 403


def test_a_token_is_valid_for_its_own_instance_only(imds: Client) -> None:
    """A token of another instance, or made up, gets 401 even where tokens are optional."""
    with serving(instance(instance_id="i-0fedcba9876543210", http_tokens_required=False)) as other:
        for bad in (imds.token(), "made-up", "", "ä" * 8):
            headers = {TOKEN: bad.encode().decode("latin-1")}
            assert other.request("GET", "/latest/meta-data/mac", headers)[0] == 401


def test_two_instances_behind_one_server_do_not_share_tokens() -> None:
    """The signature covers the instance: the same key does not make a token good elsewhere."""
    tokens = Tokens()
    assert tokens.seconds_left("i-1", tokens.issue("i-1", 60)) == 60
    assert tokens.seconds_left("i-2", tokens.issue("i-1", 60)) is None


def test_a_token_ends() -> None:
    """After its lifetime a token is no longer good."""
    now = [1000.0]
    tokens = Tokens(clock=lambda: now[0])
    token = tokens.issue("i-1", 10)
    now[0] = 1009.0
    assert tokens.seconds_left("i-1", token) == 1
    now[0] = 1010.0
    assert tokens.seconds_left("i-1", token) is None


def test_one_listener_tells_clients_apart_by_address() -> None:
    """The resolver decides who asks; a client it does not know finds nothing."""
    known: dict[str, InstanceMetadata] = {}
    server = ImdsServer(host="127.0.0.1", resolve=known.get)
    try:
        client = Client(server.url)
        assert client.request("PUT", "/latest/api/token", {TTL: "60"})[0] == 404
        known["127.0.0.1"] = InstanceMetadata(INSTANCE, Facts())
        assert client.get("meta-data/instance-id") == (200, "i-0123456789abcdef0")
    finally:
        server.close()


def test_credentials_stay_the_same_until_shortly_before_their_end() -> None:
    """Two readers get the same credentials; they are renewed early enough for clients to change over."""
    facts = Facts()
    now = [datetime.now(UTC)]
    metadata = InstanceMetadata(INSTANCE, facts, now=lambda: now[0])
    path = "latest/meta-data/iam/security-credentials/node-role"
    first = metadata.get(path)
    assert metadata.get(path) == first
    now[0] += timedelta(hours=5, minutes=50)
    assert metadata.get(path) != first
    assert len(facts.made) == 2


def test_a_change_of_role_changes_the_credentials() -> None:
    """Credentials of the old role are not handed out under the new one's name."""
    facts = Facts()
    metadata = InstanceMetadata(INSTANCE, facts)
    metadata.get("latest/meta-data/iam/security-credentials/node-role")
    facts.role = "other"
    body = json.loads(metadata.get("latest/meta-data/iam/security-credentials/other") or b"{}")
    assert body["AccessKeyId"] == facts.made[1].access_key_id


def test_a_failure_of_the_emulator_is_a_server_error() -> None:
    """500, and the service goes on answering."""

    class Broken(Facts):
        def credentials(self, _instance_id: str) -> None:
            raise RuntimeError("no session")

    with serving(facts=Broken()) as client:
        assert client.get("meta-data/iam/security-credentials/node-role")[0] == 500
        assert client.get("meta-data/mac")[0] == 200


def test_boto3_finds_credentials_and_region_here(imds: Client) -> None:
    """boto3's own providers ask it and are served, in a process that knows its address alone."""
    program = (
        "import boto3, botocore.utils as u\n"
        "c = boto3.Session().get_credentials()\n"
        "f = c.get_frozen_credentials()\n"
        "print(c.method, f.access_key, f.secret_key, f.token, u.IMDSRegionProvider("
        "boto3.Session()._session).provide())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    method, key, secret, token, region = done.stdout.split()
    assert (method, region) == ("iam-role", "us-east-1")
    assert key.startswith("ASIA")
    assert (secret, token) == (f"secret-{int(key[4:])}", f"token-{int(key[4:])}")
