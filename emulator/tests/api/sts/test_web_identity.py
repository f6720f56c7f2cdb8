"""AssumeRoleWithWebIdentity: a token is believed only if the published documents and the role say so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import ACCOUNT_ID, Emulator, wait_until
from emulator.tests.api.sts.issuer import AUDIENCE, DISCOVERY, KEYS, SUBJECT, Issuer, SigningKey

_TEMPLATE = Path(__file__).parents[1] / "cloudformation" / "templates" / "issuer.yaml"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[SigningKey, SigningKey]:
    """An issuer's key, and another one."""
    folder = tmp_path_factory.mktemp("keys")
    return SigningKey(folder, "one"), SigningKey(folder, "two")


@pytest.fixture
def issuer(emulator: Emulator, keys: tuple[SigningKey, SigningKey]) -> Iterator[Issuer]:
    """An issuer that has published the first key."""
    stack = emulator.stack()
    stack.create(_TEMPLATE.read_text())
    assert stack.status == "CREATE_COMPLETE", stack.events()
    issuer = Issuer(emulator, stack.outputs)
    issuer.publish(keys[:1])
    yield issuer
    for path in (DISCOVERY, KEYS):
        issuer.withdraw(path)
    stack.begin_delete()


def _refused(code: str, text: str = "") -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{text}")


def test_a_token_becomes_a_session_of_the_role(
    emulator: Emulator, issuer: Issuer, keys: tuple[SigningKey, SigningKey]
) -> None:
    """With the role's permissions and no others, and the names that AWS gives such a session."""
    answer = issuer.assume(keys[0].token(issuer.claims()))
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert answer["Audience"] == AUDIENCE
    assert answer["Provider"].endswith(issuer.url.removeprefix("https://"))
    session = answer["Credentials"]
    role = issuer.role_arn.rpartition("/")[2]
    assert emulator.client("sts", session=session).get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role}/pod"
    )
    s3 = emulator.client("s3", session=session)
    assert s3.list_buckets()["Buckets"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.create_bucket(Bucket="no-right-to-it")


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"sub": "system:serviceaccount:other:orders"}, "AccessDenied", "Not authorized to perform"),
        ({"sub": SUBJECT + "2"}, "AccessDenied", "Not authorized to perform"),
        ({"sub": None}, "InvalidIdentityToken", "sub"),
        ({"aud": ["api"]}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"aud": []}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"exp": 1_700_000_000}, "ExpiredTokenException", "Token expired"),
        ({"exp": None}, "InvalidIdentityToken", "exp"),
        ({"nbf": 4_000_000_000}, "InvalidIdentityToken", "not valid yet"),
        (
            {"iss": "https://d0000000000000.cloudfront.net"},
            "InvalidIdentityToken",
            "No OpenIDConnect provider",
        ),
        ({"iss": None}, "InvalidIdentityToken", "No OpenIDConnect provider"),
    ],
)
def test_claims_that_do_not_hold_are_refused(
    issuer: Issuer, keys: tuple[SigningKey, SigningKey], changes: dict[str, Any], code: str, text: str
) -> None:
    """Each with AWS's code."""
    with _refused(code, text):
        issuer.assume(keys[0].token(issuer.claims(**changes)))


def test_a_signature_of_another_key_is_refused(issuer: Issuer, keys: tuple[SigningKey, SigningKey]) -> None:
    """Also one that names the published key, one without an algorithm, and one whose claims were changed."""
    one, two = keys
    for forged in (
        two.token(issuer.claims()),
        two.token(issuer.claims(), kid=one.jwk["kid"]),
        one.token(issuer.claims(), alg="none"),
        one.token(issuer.claims(), alg="HS256"),
    ):
        with _refused("InvalidIdentityToken", "signature"):
            issuer.assume(forged)
    head, _, signature = one.token(issuer.claims(sub="somebody")).split(".")
    claims = one.token(issuer.claims()).split(".")[1]
    with _refused("InvalidIdentityToken", "signature"):
        issuer.assume(f"{head}.{claims}.{signature}")


@pytest.mark.parametrize("text", ["x", "a.b", "e30.e30.!", "e30.W10.AA", "é.é.é", "e30.e30.AA.AA"])
def test_what_is_no_token_is_refused(issuer: Issuer, text: str) -> None:
    """AWS calls all of it an invalid JWT."""
    with _refused("InvalidIdentityToken", "not a valid JWT"):
        issuer.assume(text.ljust(4, "."))


def test_roles_and_durations_that_do_not_fit_are_refused(
    issuer: Issuer, keys: tuple[SigningKey, SigningKey]
) -> None:
    """An unknown role looks as one that does not trust; a session is as long as the role allows at most."""
    token = keys[0].token(issuer.claims())
    with _refused("AccessDenied"):
        issuer.assume(token, RoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/none")
    with _refused("ValidationError"):
        issuer.assume(token, DurationSeconds=7200)
    with _refused("ValidationError"):
        issuer.assume(token, RoleSessionName="a/b")


def test_documents_that_cannot_be_read_are_named(issuer: Issuer, keys: tuple[SigningKey, SigningKey]) -> None:
    """No document, one of another issuer, no list of keys: and all is well when they are right again."""
    token = keys[0].token(issuer.claims())
    unreadable = _refused("InvalidIdentityToken", "Couldn't retrieve verification key")
    issuer.withdraw(DISCOVERY)
    with unreadable:
        issuer.assume(token)
    issuer.publish(keys[:1], issuer="https://another.example.com")
    with unreadable:
        issuer.assume(token)
    issuer.publish(keys[:1], jwks_uri="https://unreachable.example.com/keys")
    with unreadable:
        issuer.assume(token)
    issuer.publish(keys[:1])
    issuer.put(KEYS, {"keys": "none"})
    with unreadable:
        issuer.assume(token)
    issuer.publish(keys[:1])
    issuer.assume(token)


def test_a_rotation_with_both_keys_published_has_no_gap(
    issuer: Issuer, keys: tuple[SigningKey, SigningKey]
) -> None:
    """The new key is seen at once, though the old set is cached, and the old one still counts."""
    old, new = (key.token(issuer.claims()) for key in keys)
    issuer.assume(old)
    with _refused("InvalidIdentityToken", "signature"):
        issuer.assume(new)
    issuer.publish(keys)
    for token in (new, old):
        issuer.assume(token)


def test_a_withdrawn_key_counts_for_as_long_as_it_is_cached(
    issuer: Issuer, keys: tuple[SigningKey, SigningKey]
) -> None:
    """Five emulated minutes: who withdraws a key must wait."""
    token = keys[0].token(issuer.claims())
    issuer.assume(token)
    issuer.publish(keys[1:])
    issuer.assume(token)

    def is_refused() -> bool:
        try:
            issuer.assume(token)
        except ClientError as error:
            return error.response["Error"]["Code"] == "InvalidIdentityToken"
        return False

    wait_until(is_refused, what="the end of the cache")


def test_the_documents_are_not_public_in_the_bucket(emulator: Emulator, issuer: Issuer) -> None:
    """CloudFront alone reads them: a session without permissions does not."""
    s3 = emulator.client("s3", session=emulator.session_of([]))
    bucket = issuer._bucket
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=bucket, Key=DISCOVERY)


def test_a_provider_changes_in_place(emulator: Emulator) -> None:
    """Another client id: the same ARN; the provider goes with its stack."""
    stack = emulator.stack()
    stack.create(_TEMPLATE.read_text())
    arn, iam = stack.outputs["ProviderArn"], emulator.client("iam")
    stack.update(_TEMPLATE.read_text(), ClientId="another")
    assert stack.outputs["ProviderArn"] == arn
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["another"]
    stack.delete()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
