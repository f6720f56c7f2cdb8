"""The registry gives nothing without a token, and of a repository what the token's owner may have."""

import base64
import hashlib
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.ecr.registry_client import Registry, authorization
from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator
from emulator.tests.api.iam.policies import allow, denied

_HOST = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com"
_TOKEN = allow("ecr:GetAuthorizationToken")
_CONFIG = b'{"architecture":"amd64"}'
_DIGEST = f"sha256:{hashlib.sha256(_CONFIG).hexdigest()}"
_MANIFEST = b'{"schemaVersion":2}'


def _registry(emulator: Emulator, session: Mapping[str, str] | None = None, host: str = _HOST) -> Registry:
    token = authorization(emulator.client("ecr", session=session))
    return Registry(emulator.url, host=host, authorization=token)


@pytest.fixture
def repository(emulator: Emulator) -> str:
    """A repository with an image that has a tag, pushed by the administrator."""
    name = f"shop/{uuid4().hex[:12]}"
    emulator.client("ecr").create_repository(repositoryName=name)
    registry = _registry(emulator)
    assert registry.put_blob(name, _CONFIG) == _DIGEST
    registry.put_manifest(name, "1", _MANIFEST)
    return name


def _arn(repository: str) -> str:
    return f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/{repository}"


def _statements(repository: str, *actions: str) -> list[dict[str, Any]]:
    return [_TOKEN, *(allow(f"ecr:{action}", _arn(repository)) for action in actions)]


def test_a_token_needs_the_permission_and_is_valid_for_twelve_hours(emulator: Emulator) -> None:
    """It has no narrower resource: a statement about a repository does not allow it."""
    with denied("ecr:GetAuthorizationToken"):
        authorization(emulator.client("ecr", session=emulator.session_of([])))
    narrow = allow("ecr:GetAuthorizationToken", _arn("*"))
    with denied("ecr:GetAuthorizationToken"):
        authorization(emulator.client("ecr", session=emulator.session_of([narrow])))
    session = emulator.session_of([_TOKEN])
    (data,) = emulator.client("ecr", session=session).get_authorization_token()["authorizationData"]
    assert data["expiresAt"].timestamp() == pytest.approx(time.time() + 12 * 3600, abs=60)
    assert data["proxyEndpoint"] == f"https://{_HOST}"
    other = authorization(emulator.client("ecr", session=session))
    assert other != data["authorizationToken"]


@pytest.mark.parametrize(
    "sent",
    ["", base64.b64encode(b"AWS:guessed").decode(), base64.b64encode(b"me:x").decode(), "AWS:plain", "=%"],
)
def test_without_a_token_the_registry_asks_for_one(emulator: Emulator, repository: str, sent: str) -> None:
    """Basic authorization, also for its version; nothing of the repository is said."""
    registry = Registry(emulator.url, host=_HOST, authorization=sent)
    for path in ("/v2/", f"/v2/{repository}/manifests/1", f"/v2/{repository}/blobs/{_DIGEST}"):
        answer = registry.ask("GET", path)
        assert answer.status == 401, path
        assert answer.headers["WWW-Authenticate"] == (
            f'Basic realm="https://{_HOST}/",service="ecr.amazonaws.com"'
        )


def test_a_token_is_the_password_of_one_user(emulator: Emulator) -> None:
    """AWS is the user's name, whoever's token it is."""
    token = base64.b64decode(authorization(emulator.client("ecr"))).removeprefix(b"AWS:")
    for user, status in ((b"AWS", 200), (b"me", 401)):
        sent = base64.b64encode(user + b":" + token).decode()
        assert Registry(emulator.url, host=_HOST, authorization=sent).ask("GET", "/v2/").status == status


def test_a_pull_needs_two_permissions_on_the_repository(emulator: Emulator, repository: str) -> None:
    """One for the manifest, one for blobs; each refusal names what is missing."""
    pull = _statements(repository, "BatchGetImage", "GetDownloadUrlForLayer")
    registry = _registry(emulator, emulator.session_of(pull))
    assert registry.ask("GET", "/v2/").status == 200
    manifest = registry.ask("GET", f"/v2/{repository}/manifests/1")
    assert (manifest.status, manifest.body) == (200, _MANIFEST)
    blob = registry.ask("GET", f"/v2/{repository}/blobs/{_DIGEST}")
    assert (blob.status, blob.body) == (200, _CONFIG)
    for left_out, path in (
        ("BatchGetImage", f"/v2/{repository}/manifests/1"),
        ("GetDownloadUrlForLayer", f"/v2/{repository}/blobs/{_DIGEST}"),
    ):
        actions = {"BatchGetImage", "GetDownloadUrlForLayer"} - {left_out}
        refused = _registry(emulator, emulator.session_of(_statements(repository, *actions))).ask("GET", path)
        assert refused.status == 403
        assert refused.error["code"] == "DENIED"
        expected = f"is not authorized to perform: ecr:{left_out} on resource: {_arn(repository)}"
        assert expected in refused.error["message"]


def test_permissions_are_of_one_repository(emulator: Emulator, repository: str) -> None:
    """Another one whose name begins likewise is another one."""
    other = f"{repository}-other"
    emulator.client("ecr").create_repository(repositoryName=other)
    _registry(emulator).put_manifest(other, "1", _MANIFEST)
    registry = _registry(emulator, emulator.session_of(_statements(repository, "BatchGetImage")))
    assert registry.ask("HEAD", f"/v2/{repository}/manifests/1").status == 200
    assert registry.ask("HEAD", f"/v2/{other}/manifests/1").status == 403


def test_whether_a_layer_is_there_is_a_permission_of_its_own(emulator: Emulator, repository: str) -> None:
    """Clients that push ask for it, and some that pull."""
    path = f"/v2/{repository}/blobs/{_DIGEST}"
    for action, status in (("BatchCheckLayerAvailability", 200), ("GetDownloadUrlForLayer", 403)):
        registry = _registry(emulator, emulator.session_of(_statements(repository, action)))
        assert registry.ask("HEAD", path).status == status


def test_who_may_pull_may_not_push(emulator: Emulator, repository: str) -> None:
    """Neither a layer nor a manifest, and nothing is deleted through a registry."""
    pull = ("BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability")
    registry = _registry(emulator, emulator.session_of(_statements(repository, *pull)))
    assert registry.ask("POST", f"/v2/{repository}/blobs/uploads/").status == 403
    assert registry.ask("PUT", f"/v2/{repository}/manifests/1", b"{}").status == 403
    assert registry.ask("DELETE", f"/v2/{repository}/manifests/1").status == 405
    assert registry.ask("GET", "/v2/_catalog").status == 405


def test_a_token_has_the_rights_that_its_owner_has_now(emulator: Emulator, repository: str) -> None:
    """Whoever gets a permission needs no new token, and whoever loses one has none left."""
    session = emulator.session_of([_TOKEN])
    registry, iam = _registry(emulator, session), emulator.client("iam")
    role = emulator.client("sts", session=session).get_caller_identity()["Arn"].split("/")[1]
    path = f"/v2/{repository}/manifests/1"
    assert registry.ask("GET", path).status == 403
    allowing = '{"Statement": [{"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"}]}'
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=allowing)
    assert registry.ask("GET", path).status == 200
    iam.delete_role_policy(RoleName=role, PolicyName="more")
    assert registry.ask("GET", path).status == 403


def test_an_expired_token_is_refused_and_the_client_not_asked_for_another(
    emulator: Emulator, repository: str
) -> None:
    """403, not 401: who has it must notice by itself. A new one works."""
    fault = emulator.faults.short_registry_tokens(seconds=1)
    session = emulator.session_of(_statements(repository, "BatchGetImage"))
    registry, path = _registry(emulator, session), f"/v2/{repository}/manifests/1"
    emulator.faults.clear(fault)
    assert registry.ask("GET", path).status == 200
    time.sleep(1.1)
    expired = registry.ask("GET", path)
    assert (expired.status, expired.error["code"]) == (403, "DENIED")
    assert expired.error["message"] == "Your authorization token has expired. Reauthenticate and try again."
    assert _registry(emulator, session).ask("GET", path).status == 200


def test_a_registry_of_another_account_gives_nothing(emulator: Emulator, repository: str) -> None:
    """Its repositories would have to allow it, too, and there are none."""
    host = f"111122223333.dkr.ecr.{REGION}.amazonaws.com"
    session = emulator.session_of([_TOKEN, allow("ecr:BatchGetImage")])
    refused = _registry(emulator, session, host).ask("GET", f"/v2/{repository}/manifests/1")
    assert refused.status == 403
    assert "resource-based policy" in refused.error["message"]


def test_what_is_not_there(emulator: Emulator, repository: str) -> None:
    """404 for who may read it."""
    registry = _registry(emulator)
    assert registry.ask("GET", f"/v2/{repository}/manifests/2").status == 404
    assert registry.ask("GET", "/v2/no/such/manifests/1").status == 404
    with pytest.raises(ClientError, match="RepositoryNotFoundException"):
        emulator.client("ecr").describe_repositories(repositoryNames=["no/such"])
