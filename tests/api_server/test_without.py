"""That it is the flags of masters which defend: without them the same API server lets the attacks succeed."""

from collections.abc import Iterator

import pytest

from tests.api_server.servers import NODE, ApiServer, running
from tests.api_server.test_admission import (
    claims_of_pods_token,
    external_service,
    host_pod,
    with_default_account,
)

_FLAGS = (
    "admission-control-config-file",
    "audit-policy-file",
    "enable-admission-plugins",
    "encryption-provider-config",
    "service-account-extend-token-expiration",
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server without these flags."""
    with running(tmp_path_factory.mktemp("bare"), without=_FLAGS) as found:
        with_default_account(found, "default")
        yield found


def test_a_pod_may_take_the_node(bare: ApiServer) -> None:
    """Privileged is Kubernetes' own default."""
    assert bare.post("/api/v1/namespaces/default/pods?dryRun=All", host_pod()).status == 201


def test_a_service_may_claim_a_masters_address(bare: ApiServer) -> None:
    """As everywhere by default."""
    reply = bare.post("/api/v1/namespaces/default/services?dryRun=All", external_service())
    assert reply.status == 201


def test_a_token_is_valid_for_a_year(bare: ApiServer) -> None:
    """Although it was asked for an hour."""
    claims = claims_of_pods_token(bare)
    assert claims["exp"] - claims["iat"] > 300 * 86400


def test_secrets_are_readable_in_etcd_and_nobody_knows_who_read_them(bare: ApiServer) -> None:
    """Without encryption, and without an audit policy."""
    item = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"k": "open-sesame"},
    }
    assert bare.post("/api/v1/namespaces/default/secrets", item).status == 201
    assert b"open-sesame" in bare.stored("secrets/default/s")
    bare.ask("GET", "/api/v1/namespaces/default/secrets/s", user=NODE)
    assert (bare.folder / "audit/audit.log").read_text(encoding="utf-8") == ""
