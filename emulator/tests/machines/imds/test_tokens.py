"""Session tokens of IMDSv2: lifetimes, refusals, and whose they are."""

import pytest

from emulator.machines.imds import ImdsServer, InstanceMetadata
from emulator.machines.imds.tokens import Tokens
from emulator.tests.machines.imds.client import TOKEN, TTL, Client, serving
from emulator.tests.machines.stand_ins import INSTANCE, Facts, instance


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
