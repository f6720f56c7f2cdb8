"""People log in with a token of an identity provider: a real API server, and an issuer on loopback."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.document import OidcIssuer
from tests.api_server.programs import json_web_key, openssl, self_signed, signed_token
from tests.api_server.reply import Reply
from tests.api_server.servers import ApiServer, running

_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_BY_EMAIL = "/by-email"
"""Path of a second issuer, whose users are named by their email addresses."""


@dataclass
class _Issuer:
    """An identity provider."""

    url: str
    certificate: Path
    key: Path

    def token(self, tenant: str = "", **claims: Any) -> str:
        """A token that is right but for `claims`; one of None is left out."""
        now = int(time.time())
        usual = {
            "iss": f"{self.url}{tenant}",
            "aud": "kubernetes",
            "sub": "1234",
            "exp": now + 300,
            "iat": now,
            "preferred_username": "jane",
            "groups": ["operators"],
            "customer": "ours",
        }
        return signed_token(self.key, {k: v for k, v in {**usual, **claims}.items() if v is not None})


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Issuer]:
    """Serves its documents of discovery over https on loopback."""
    certificate, key = self_signed(tmp_path_factory.mktemp("issuer"), name="IP:127.0.0.1")

    class Documents(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"https://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
            documents: dict[str, Any] = {"/keys": {"keys": [json_web_key(key)]}}
            for tenant in ("", _BY_EMAIL):
                discovery = {"issuer": f"{url}{tenant}", "jwks_uri": f"{url}/keys"}
                documents[f"{tenant}/.well-known/openid-configuration"] = discovery
            self.send_response(200 if self.path in documents else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(documents.get(self.path)).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Documents)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield _Issuer(f"https://127.0.0.1:{server.server_port}", certificate, key)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def server(issuer: _Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server that accepts tokens of the issuer."""
    accepted = OidcIssuer(
        url=issuer.url,
        audiences=("kubernetes", "kubectl"),
        username_claim="preferred_username",
        username_prefix="oidc:",
        groups_claim="groups",
        groups_prefix="oidc:",
        required_claims={"customer": "ours"},
        certificate_authority=issuer.certificate.read_text(encoding="utf-8"),
    )
    by_email = replace(
        accepted,
        url=f"{issuer.url}{_BY_EMAIL}",
        username_claim="email",
        username_prefix="email:",
        groups_claim="",
        required_claims={},
    )
    with running(tmp_path_factory.mktemp("api-server"), issuers=(accepted, by_email)) as found:
        for _ in range(300):
            # The API server fetches the issuers' keys in the background.
            tokens = (issuer.token(), issuer.token(_BY_EMAIL, email="a@b.example", email_verified=True))
            if {_review(found, token).status for token in tokens} == {201}:
                break
            time.sleep(0.1)
        yield found


def _review(server: ApiServer, token: str) -> Reply:
    """Who the API server thinks that the bearer is."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    return server.post(_REVIEW, body, token=token)


def test_a_person_has_the_prefixed_name_and_groups(server: ApiServer, issuer: _Issuer) -> None:
    """From the claims that the cluster file names, for either audience."""
    for audience in ("kubernetes", "kubectl"):
        reply = _review(server, issuer.token(aud=audience))
        assert reply.status == 201, reply
        user = reply.body["status"]["userInfo"]
        assert user["username"] == "oidc:jane"
        assert set(user["groups"]) == {"oidc:operators", "system:authenticated"}


def test_an_email_address_counts_only_if_it_is_verified(server: ApiServer, issuer: _Issuer) -> None:
    """Providers let people claim any; some say nothing about it."""
    reply = _review(server, issuer.token(_BY_EMAIL, email="a@b.example", email_verified=True))
    assert reply.body["status"]["userInfo"]["username"] == "email:a@b.example"
    for verified in (False, None):
        token = issuer.token(_BY_EMAIL, email="a@b.example", email_verified=verified)
        assert _review(server, token).status == 401


def test_rights_come_from_rbac_alone(server: ApiServer, issuer: _Issuer) -> None:
    """None before the group is bound, and those of the role after it."""
    token = issuer.token()
    assert server.ask("GET", "/api/v1/nodes", token=token).status == 403
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "operators"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "oidc:operators"}],
    }
    path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    assert server.post(path, binding).status == 201
    for _ in range(100):
        if server.ask("GET", "/api/v1/nodes", token=token).status == 200:
            break
        time.sleep(0.1)
    assert server.ask("GET", "/api/v1/nodes", token=token).status == 200
    others = issuer.token(groups=["readers"])
    assert server.ask("GET", "/api/v1/nodes", token=others).status == 403


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "somebody-else"}, id="for somebody else"),
        pytest.param({"exp": 1_700_000_000}, id="expired"),
        pytest.param({"iss": "https://127.0.0.1:1"}, id="of another issuer"),
        pytest.param({"customer": "theirs"}, id="of another customer"),
        pytest.param({"customer": None}, id="of no customer"),
        pytest.param({"preferred_username": None}, id="without a name"),
    ],
)
def test_other_tokens_are_refused(server: ApiServer, issuer: _Issuer, claims: dict[str, Any]) -> None:
    """With 401, not as an anonymous user."""
    assert _review(server, issuer.token(**claims)).status == 401


def test_a_forged_signature_is_refused(server: ApiServer, issuer: _Issuer, tmp_path: Path) -> None:
    """Another key with the same id."""
    forged = tmp_path / "forged.key"
    openssl("genrsa", "-out", str(forged), "2048")
    assert _review(server, _Issuer(issuer.url, issuer.certificate, forged).token()).status == 401


def test_no_claim_makes_its_bearer_one_of_kubernetes_own(server: ApiServer, issuer: _Issuer) -> None:
    """Whatever the provider lets people call themselves."""
    reply = _review(server, issuer.token(preferred_username="system:admin", groups=["system:masters"]))
    user = reply.body["status"]["userInfo"]
    assert user["username"] == "oidc:system:admin"
    assert "system:masters" not in user["groups"]
