"""The service-account issuer on a real API server: what masters publish is what it serves and signs with."""

import base64
import json
from typing import Any

import pytest

from kubequorum_node.config import DISCOVERY_PATH, JWKS_PATH
from kubequorum_node.kubernetes.issuer import documents
from tests.api_server.programs import openssl
from tests.api_server.servers import ISSUER, ApiServer

_API = "https://kubernetes.default.svc.cluster.local"
_STS = "sts.amazonaws.com"


@pytest.fixture(scope="module")
def account(server: ApiServer) -> str:
    """The path of a service account that anybody may have tokens of."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    assert server.post("/api/v1/namespaces", namespace).status == 201
    item = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "orders"}}
    assert server.post("/api/v1/namespaces/shop/serviceaccounts", item).status == 201
    return "/api/v1/namespaces/shop/serviceaccounts/orders"


def _published(server: ApiServer) -> dict[str, Any]:
    public = openssl("rsa", "-in", str(server.folder / "sa.key"), "-pubout").decode()
    return {path: json.loads(text) for path, text in documents(ISSUER, public).items()}


def _token(server: ApiServer, account: str, *audiences: str) -> str:
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": list(audiences)},
    }
    reply = server.post(f"{account}/token", request)
    assert reply.status == 201, reply
    return str(reply.body["status"]["token"])


def _part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def test_masters_publish_what_the_api_server_serves(server: ApiServer) -> None:
    """The same keys, number by number, under the same name; the same issuer and place of the keys."""
    published = _published(server)
    assert server.ask("GET", f"/{JWKS_PATH}").body == published[JWKS_PATH]
    served = server.ask("GET", f"/{DISCOVERY_PATH}").body
    assert served == published[DISCOVERY_PATH]
    assert served["jwks_uri"] == f"{ISSUER}/{JWKS_PATH}"


def test_a_token_names_the_issuer_and_a_published_key(server: ApiServer, account: str) -> None:
    """By these two AWS finds the key; subject and audience are what roles trust."""
    token = _token(server, account, _STS)
    (key,) = _published(server)[JWKS_PATH]["keys"]
    assert _part(token, 0).items() >= {"alg": "RS256", "kid": key["kid"]}.items()
    claims = _part(token, 1)
    assert claims["iss"] == ISSUER
    assert claims["sub"] == "system:serviceaccount:shop:orders"
    assert claims["aud"] == [_STS]


def test_a_token_for_aws_is_none_for_the_api_server(server: ApiServer, account: str) -> None:
    """Whoever gets hold of it has the AWS role and nothing in the cluster; the API server's own holds."""
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    assert server.post(path, body, token=_token(server, account, _STS)).status == 401
    reply = server.post(path, body, token=_token(server, account, _API))
    assert reply.body["status"]["userInfo"]["username"] == "system:serviceaccount:shop:orders"
    assert _part(_token(server, account), 1)["aud"] == [_API]
