"""Until when a certificate is valid, without a library for certificates."""

import ssl
from datetime import UTC, datetime

_SEQUENCE, _VERSION, _UTC_TIME = 0x30, 0xA0, 0x17
_LONG_FORM = 0x80


class CertificateError(ValueError):
    """It is no certificate."""


def not_after(certificate: bytes) -> datetime:
    """The end of its validity (https://www.rfc-editor.org/rfc/rfc5280#section-4.1).

    Args:
        certificate: as DER, or as PEM; of several the first counts.

    Raises:
        CertificateError: it is no certificate.
    """
    try:
        return _not_after(_der(certificate))
    except (ValueError, IndexError) as error:
        raise CertificateError(f"it is no certificate: {error!r}") from error


def _der(certificate: bytes) -> bytes:
    if not certificate.lstrip().startswith(b"-"):
        return certificate
    first, end, _ = certificate.decode("ascii").partition("-----END CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :] + end)


def _not_after(der: bytes) -> datetime:
    (_, certificate), *_ = _values(der)
    (_, signed), *_ = _values(certificate)
    fields = _values(signed)
    # version (absent in version 1), serial number, signature, issuer, validity
    tag, validity = fields[4 if fields[0][0] == _VERSION else 3]
    if tag != _SEQUENCE:
        raise ValueError(f"tag {tag:#04x} where its validity belongs")
    tag, text = _values(validity)[1]
    layout = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text.decode("ascii"), layout).replace(tzinfo=UTC)


def _values(der: bytes) -> list[tuple[int, bytes]]:
    """Tags and contents of the values that follow each other in DER."""
    found, at = [], 0
    while at < len(der):
        tag, length, begin = der[at], der[at + 1], at + 2
        if length >= _LONG_FORM:
            begin += length - _LONG_FORM
            length = int.from_bytes(der[at + 2 : begin])
        at = begin + length
        if at > len(der):
            raise ValueError("it is cut off")
        found.append((tag, der[begin:at]))
    return found
