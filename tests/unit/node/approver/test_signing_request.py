"""Certificate requests are read as openssl writes them; whatever a kubelet's has not is refused."""

import base64

import pytest

from kubequorum_node.approver import der, signing_request
from kubequorum_node.approver.signing_request import RequestError
from kubequorum_node.kubernetes.identity_proof import hash_of
from tests.unit.node.approver.requests import WORKER, key_hash, node_subject, pem

SAN = "subjectAltName="


def test_a_clients_request_is_read() -> None:
    """Subject and key; openssl hashes the same key to the same value."""
    text = pem(node_subject(WORKER))
    found = signing_request.read(text)
    assert (found.common_name, found.organization) == (f"system:node:{WORKER}", "system:nodes")
    assert (found.dns_names, found.addresses) == ((), ())
    assert hash_of(found.public_key) == key_hash(text)


def test_a_servers_request_is_read() -> None:
    """With its names and addresses, of both families, whether the extension is critical or not."""
    for critical in ("", "critical,"):
        found = signing_request.read(
            pem(node_subject(WORKER), f"{SAN}{critical}DNS:{WORKER},IP:10.20.1.9,IP:fd00::1")
        )
        assert found.dns_names == (WORKER,)
        assert found.addresses == ("10.20.1.9", "fd00::1")


@pytest.mark.parametrize(
    ("subject", "extensions", "why"),
    [
        ("/CN=system:node:x", (), "one common name and one organization"),
        ("/O=system:nodes", (), "one common name and one organization"),
        ("/O=system:nodes/O=system:masters/CN=system:node:x", (), "twice"),
        ("/O=system:nodes/CN=system:node:x/CN=system:node:y", (), "twice"),
        ("/O=system:nodes/OU=x/CN=system:node:x", (), "one common name and one organization"),
        ("/O=system:nodes+CN=system:node:x", (), "has 2 parts"),
        (node_subject("x"), ("basicConstraints=CA:TRUE",), "other than alternative names"),
        (node_subject("x"), (f"{SAN}DNS:x", "keyUsage=keyCertSign"), "the list of extensions has 2 parts"),
        (node_subject("x"), (f"{SAN}email:a@example.com",), "neither a DNS name nor an address"),
        (node_subject("x"), (f"{SAN}URI:https://example.com",), "neither a DNS name nor an address"),
    ],
)
def test_what_a_kubelet_does_not_ask_for_is_refused(
    subject: str, extensions: tuple[str, ...], why: str
) -> None:
    """More names, other extensions, other kinds of names: nothing that another reader might see otherwise."""
    text = pem(subject, *extensions)
    with pytest.raises(RequestError, match=why):
        signing_request.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no request",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----",
        "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----",
    ],
)
def test_what_is_no_request_is_refused(text: str) -> None:
    """With an error of its own, never a traceback of another kind."""
    with pytest.raises(RequestError):
        signing_request.read(text)


def test_two_requests_in_one_text_are_refused() -> None:
    """Another reader might take the second."""
    text = pem(node_subject(WORKER))
    with pytest.raises(RequestError, match="not one certificate request"):
        signing_request.read(text + text)


def test_every_change_of_a_byte_is_read_or_refused() -> None:
    """No input ends in an error of another kind, however it is damaged."""
    lines = pem(node_subject(WORKER), f"{SAN}DNS:{WORKER},IP:10.20.1.9").strip().splitlines()
    good = base64.b64decode("".join(lines[1:-1]))
    refused = 0
    for position in range(len(good)):
        for byte in (0x00, 0x30, 0x7F, 0x84, 0xFF):
            bad = good[:position] + bytes([byte]) + good[position + 1 :]
            text = "\n".join([lines[0], base64.b64encode(bad).decode(), lines[-1]])
            try:
                signing_request.read(text)
            except RequestError:
                refused += 1
    assert refused > len(good)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x05\x00",
        b"\x30\x80\x00\x00",
        b"\x30\x81\x01\x00",
        b"\x30\x82\x00\x81" + bytes(0x81),
        b"\x30\x84\x00\x00\x00\x00",
        b"\x1f\x81\x01\x00",
        b"\x30\x00\x00",
    ],
)
def test_what_is_not_der_is_refused(data: bytes) -> None:
    """Cut, indefinite, not the shortest, too long, a long tag, or followed by something."""
    with pytest.raises(der.DerError):
        der.parse(data)
