"""DER (X.690), as far as certificate requests need it: definite lengths, single-byte tags, strictly."""

from dataclasses import dataclass

SEQUENCE, SET, OID, OCTET_STRING = 0x30, 0x31, 0x06, 0x04
UTF8_STRING, PRINTABLE_STRING = 0x0C, 0x13
_LONG_FORM = 0x80
_HIGH_TAG = 0x1F
_LENGTH_BYTES = 3
"""Of the longest length that is read: 16 MiB."""


class DerError(ValueError):
    """It is not DER, or not what was expected."""


@dataclass(frozen=True)
class Value:
    """One value: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    encoded: bytes

    def children(self) -> list["Value"]:
        """The values that it consists of.

        Raises:
            DerError: its content is not made of whole values.

        """
        found, rest = [], self.content
        while rest:
            value, rest = _first(rest)
            found.append(value)
        return found

    def expect(self, tag: int) -> "Value":
        """Itself.

        Raises:
            DerError: it has another tag.

        """
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#04x} where {tag:#04x} belongs")
        return self

    def text(self) -> str:
        """A string of the two types that names in requests have.

        Raises:
            DerError: it is no such string.

        """
        if self.tag not in (UTF8_STRING, PRINTABLE_STRING):
            raise DerError(f"a string of type {self.tag:#04x}")
        try:
            return self.content.decode("utf-8" if self.tag == UTF8_STRING else "ascii")
        except UnicodeDecodeError as error:
            raise DerError(f"a string that cannot be read: {error}") from error


def parse(data: bytes) -> Value:
    """The one value that the bytes are.

    Raises:
        DerError: they are not, or something follows it.

    """
    value, rest = _first(data)
    if rest:
        raise DerError(f"{len(rest)} bytes behind the end")
    return value


def _first(data: bytes) -> tuple[Value, bytes]:
    head = 2
    if len(data) < head:
        raise DerError("it ends in the middle of a value")
    tag, length = data[0], data[1]
    if tag & _HIGH_TAG == _HIGH_TAG:
        raise DerError(f"a tag of several bytes ({tag:#04x})")
    if length & _LONG_FORM:
        count = length & ~_LONG_FORM
        if not 1 <= count <= _LENGTH_BYTES or len(data) < head + count:
            raise DerError(f"a length of {count} bytes")
        length = int.from_bytes(data[head : head + count], "big")
        if length < _LONG_FORM or data[head] == 0:
            raise DerError("a length that could be shorter")
        head += count
    end = head + length
    if len(data) < end:
        raise DerError("it ends in the middle of a value")
    return Value(tag, data[head:end], data[:end]), data[end:]
