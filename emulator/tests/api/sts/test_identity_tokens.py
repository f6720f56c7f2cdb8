"""GetWebIdentityToken: who asks, for whom, and that anybody can verify it with the issuer's documents."""

import base64
import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.api.sts.tokens import Token
from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator

_ASK = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*"}
_REQUEST: dict[str, Any] = {"Audience": ["cluster"], "SigningAlgorithm": "ES384"}


@pytest.fixture
def issuer(emulator: Emulator) -> Iterator[str]:
    """The account's issuer, switched on."""
    iam = emulator.client("iam")
    url = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    yield url
    iam.disable_outbound_web_identity_federation()


def _document(emulator: Emulator, url: str) -> dict[str, Any]:
    """What the world gets at a URL of an issuer."""
    host, _, path = url.removeprefix("https://").partition("/")
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"), timeout=20)
    try:
        connection.request("GET", f"/{path}", headers={"Host": host})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        return dict(json.load(answer))
    finally:
        connection.close()


def _keys(emulator: Emulator, issuer: str) -> list[dict[str, str]]:
    discovery = _document(emulator, f"{issuer}/.well-known/openid-configuration")
    assert discovery["issuer"] == issuer
    return list(_document(emulator, discovery["jwks_uri"])["keys"])


def _refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_a_token_names_the_callers_role_and_is_signed_by_the_accounts_issuer(
    emulator: Emulator, issuer: str
) -> None:
    """Not the session: everybody who has the role is one."""
    sts = emulator.client("sts", session=emulator.session_of([_ASK]))
    role = sts.get_caller_identity()["Arn"].split("/")[1]
    request = {**_REQUEST, "SigningAlgorithm": "RS256", "DurationSeconds": 900}
    answer = sts.get_web_identity_token(**request, Tags=[{"Key": "team", "Value": "a"}])
    token = Token.parse(answer["WebIdentityToken"])
    assert token.is_signed_by(_keys(emulator, issuer))
    claims = dict(token.claims)
    assert claims["sub"] == f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"
    assert (claims["iss"], claims["aud"]) == (issuer, "cluster")
    assert claims["exp"] - claims["iat"] == 900
    assert claims["exp"] == int(answer["Expiration"].timestamp())
    assert claims["https://sts.amazonaws.com/"] == {
        "aws_account": ACCOUNT_ID,
        "source_region": REGION,
        "request_tags": {"team": "a"},
    }


def test_a_token_may_be_signed_with_an_elliptic_key(emulator: Emulator, issuer: str, tmp_path: Path) -> None:
    """OpenSSL verifies it with the published key."""
    answer = emulator.client("sts").get_web_identity_token(**_REQUEST)
    token = Token.parse(answer["WebIdentityToken"])
    assert token.claims["sub"] == f"arn:aws:iam::{ACCOUNT_ID}:root"
    (key,) = [key for key in _keys(emulator, issuer) if key["kid"] == token.header["kid"]]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-384", token.header["alg"])
    point = b"".join(base64.urlsafe_b64decode(key[axis] + "==") for axis in "xy")
    # SubjectPublicKeyInfo of a point of P-384: https://www.rfc-editor.org/rfc/rfc5480
    public = bytes.fromhex("3076301006072a8648ce3d020106052b81040022036200") + b"\x04" + point
    (tmp_path / "key.der").write_bytes(public)
    (tmp_path / "signature").write_bytes(_as_der(token.signature))
    verify = (
        "openssl",
        "dgst",
        "-sha384",
        "-verify",
        "key.der",
        "-keyform",
        "DER",
        "-signature",
        "signature",
    )
    subprocess.run(verify, input=token.signed, cwd=tmp_path, check=True, capture_output=True)


def _as_der(signature: bytes) -> bytes:
    half = len(signature) // 2
    numbers = b""
    for part in (signature[:half], signature[half:]):
        number = int.from_bytes(part, "big").to_bytes(half + 1, "big").lstrip(b"\0")
        number = b"\0" + number if number[0] & 0x80 else number
        numbers += b"\x02" + bytes([len(number)]) + number
    return b"\x30" + bytes([len(numbers)]) + numbers


def test_policies_say_for_whom_and_for_how_long(emulator: Emulator, issuer: str) -> None:
    """Without a permission there is none."""
    assert issuer
    with _refused("AccessDenied"):
        emulator.client("sts", session=emulator.session_of([])).get_web_identity_token(**_REQUEST)
    bound = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": "cluster"},
        "NumericLessThanEquals": {"sts:DurationSeconds": 900},
    }
    sts = emulator.client("sts", session=emulator.session_of([{**_ASK, "Condition": bound}]))
    assert sts.get_web_identity_token(**_REQUEST, DurationSeconds=900)["WebIdentityToken"]
    with _refused("AccessDenied"):
        sts.get_web_identity_token(**{**_REQUEST, "Audience": ["cluster", "elsewhere"]})
    with _refused("AccessDenied"):
        sts.get_web_identity_token(**_REQUEST, DurationSeconds=1000)


def test_what_cannot_be_is_refused(emulator: Emulator, issuer: str) -> None:
    """As AWS's constraints have it; a session lends no token that outlives it."""
    assert issuer
    sts = emulator.client("sts")
    for wrong in ({"SigningAlgorithm": "HS256"}, {"DurationSeconds": 4000}):
        with _refused("ValidationError"):
            sts.get_web_identity_token(**{**_REQUEST, **wrong})
    short = emulator.client("sts", session=emulator.session_of([_ASK]))
    assert short.get_web_identity_token(**_REQUEST, DurationSeconds=3000)
    with _refused("SessionDurationEscalationException"):
        short.get_web_identity_token(**_REQUEST, DurationSeconds=3600)


def test_it_is_off_until_the_account_switches_it_on(emulator: Emulator) -> None:
    """And again afterwards; the issuer's name stays the account's."""
    iam, sts = emulator.client("iam"), emulator.client("sts")
    with _refused("FeatureDisabled"):
        iam.get_outbound_web_identity_federation_info()
    with _refused("OutboundWebIdentityFederationDisabledException"):
        sts.get_web_identity_token(**_REQUEST)
    url = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    with _refused("FeatureEnabled"):
        iam.enable_outbound_web_identity_federation()
    assert iam.get_outbound_web_identity_federation_info()["IssuerIdentifier"] == url
    assert len(_keys(emulator, url)) == 2
    iam.disable_outbound_web_identity_federation()
    with pytest.raises(AssertionError, match="404"):
        _keys(emulator, url)
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == url
    iam.disable_outbound_web_identity_federation()
