"""A certificate request (PKCS #10) as a kubelet makes it; everything else in one is refused.

https://www.rfc-editor.org/rfc/rfc2986. The API server has verified its signature when it accepted it
(`validateCSR` in pkg/apis/certificates/validation/validation.go), and the controller that signs reads
subject and alternative names from it once more.
"""

import base64
import binascii
from dataclasses import dataclass
from ipaddress import ip_address

from kubequorum_node.approver.der import OCTET_STRING, OID, SEQUENCE, SET, DerError, Value, parse

_BEGIN, _END = "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----"
_COMMON_NAME = bytes.fromhex("550403")
_ORGANIZATION = bytes.fromhex("55040a")
_EXTENSION_REQUEST = bytes.fromhex("2a864886f70d01090e")
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_ATTRIBUTES, _DNS_NAME, _IP_ADDRESS = 0xA0, 0x82, 0x87
_PARTS = 3


class RequestError(ValueError):
    """It is not a request that a kubelet makes."""


@dataclass(frozen=True, kw_only=True)
class SigningRequest:
    """What a request asks for."""

    common_name: str
    organization: str
    public_key: bytes
    """SubjectPublicKeyInfo in DER."""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def read(pem: str) -> SigningRequest:
    """Read a request in PEM.

    Raises:
        RequestError: it cannot be read, or has something in it that a kubelet's has not.

    """
    try:
        lines = pem.strip().splitlines()
        if len(lines) < _PARTS or lines[0] != _BEGIN or lines[-1] != _END or pem.count("-----BEGIN") != 1:
            raise RequestError("it is not one certificate request in PEM")
        return _read(parse(base64.b64decode("".join(lines[1:-1]), validate=True)))
    except (DerError, binascii.Error) as error:
        raise RequestError(f"it cannot be read: {error}") from error


def _read(request: Value) -> SigningRequest:
    info, *_ = _exactly(request.expect(SEQUENCE), _PARTS, "a request")
    parts = info.expect(SEQUENCE).children()
    if len(parts) not in (_PARTS, _PARTS + 1):
        raise RequestError(f"it has {len(parts)} parts")
    _, subject, public_key, *attributes = parts
    common_name, organization = _subject(subject)
    names, addresses = _alternative_names(attributes)
    return SigningRequest(
        common_name=common_name,
        organization=organization,
        public_key=public_key.expect(SEQUENCE).encoded,
        dns_names=names,
        addresses=addresses,
    )


def _subject(subject: Value) -> tuple[str, str]:
    """Common name and organization, one of each and nothing else."""
    found: dict[bytes, str] = {}
    for relative in subject.expect(SEQUENCE).children():
        (pair,) = _exactly(relative.expect(SET), 1, "a part of the subject")
        kind, text = _exactly(pair.expect(SEQUENCE), 2, "a part of the subject")
        if kind.expect(OID).content in found:
            raise RequestError("a part of the subject is there twice")
        found[kind.content] = text.text()
    if set(found) != {_COMMON_NAME, _ORGANIZATION}:
        raise RequestError("the subject is not one common name and one organization")
    return found[_COMMON_NAME], found[_ORGANIZATION]


def _alternative_names(attributes: list[Value]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    wanted = [each for part in attributes for each in part.expect(_ATTRIBUTES).children()]
    if not wanted:
        return (), ()
    if len(wanted) != 1:
        raise RequestError("it has more than one attribute")
    kind, values = _exactly(wanted[0].expect(SEQUENCE), 2, "an attribute")
    if kind.expect(OID).content != _EXTENSION_REQUEST:
        raise RequestError("it has an attribute other than extensions")
    (extensions,) = _exactly(values.expect(SET), 1, "an attribute")
    (extension,) = _exactly(extensions.expect(SEQUENCE), 1, "the list of extensions")
    # The flag `critical` may be between the two.
    parts = extension.expect(SEQUENCE).children()
    if len(parts) not in (2, _PARTS):
        raise RequestError(f"an extension has {len(parts)} parts")
    name, content = parts[0], parts[-1]
    if name.expect(OID).content != _SUBJECT_ALT_NAME:
        raise RequestError("it has an extension other than alternative names")
    names, addresses = [], []
    for each in parse(content.expect(OCTET_STRING).content).expect(SEQUENCE).children():
        if each.tag == _DNS_NAME:
            names.append(_ascii(each.content))
        elif each.tag == _IP_ADDRESS:
            addresses.append(_address(each.content))
        else:
            raise RequestError("it has an alternative name that is neither a DNS name nor an address")
    return tuple(names), tuple(addresses)


def _exactly(value: Value, count: int, what: str) -> list[Value]:
    children = value.children()
    if len(children) != count:
        raise RequestError(f"{what} has {len(children)} parts, not {count}")
    return children


def _ascii(content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise RequestError("a DNS name that is not ASCII") from error


def _address(content: bytes) -> str:
    try:
        return str(ip_address(content))
    except ValueError as error:
        raise RequestError(f"an address of {len(content)} bytes") from error
