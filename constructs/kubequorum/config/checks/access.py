"""SSH keys: public ones that sshd accepts, each once, and together small enough for their parameter."""

import base64
import binascii
import struct
from collections import Counter
from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_KEY = "access.ssh_keys"
_RSA = "ssh-rsa"
_TYPES = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    _RSA,
)
"""Of public keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT). DSA is gone from OpenSSH."""
_LEAST_RSA_BITS = 2048
LONGEST_PARAMETER = 4096
"""Characters of a standard parameter.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"""
_REMEDY = "paste the line of a .pub file, e.g. of ~/.ssh/id_ed25519.pub"


def access_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the section `access`. What is no public key is not shown: it may be a secret."""
    access = cluster.access
    bodies: Counter[str] = Counter()
    for index, line in enumerate(access.ssh_keys):
        if wrong := _wrong_key(line):
            yield Problem(f"{_KEY}.{index}", None, wrong, _REMEDY)
        else:
            bodies[" ".join(line.split()[:2])] += 1
    for body, count in bodies.items():
        if count > 1:
            yield Problem(_KEY, body, f"is listed {count} times", "list it once")
    size = len(authorized_keys(access.ssh_keys))
    if size > LONGEST_PARAMETER:
        yield Problem(
            _KEY,
            f"{len(access.ssh_keys)} keys, {size} characters",
            f"a parameter of Systems Manager holds {LONGEST_PARAMETER}",
            "use ssh-ed25519 keys, which are short, or fewer",
        )
    if access.instance_connect_endpoint and not access.ssh_keys:
        yield Problem(
            "access.instance_connect_endpoint",
            "true",
            "nobody could log in: Debian's images have no EC2 Instance Connect, and there are no keys",
            f"add {_KEY}",
        )
    if access.ssh_user == "root":
        yield Problem("access.ssh_user", "root", "root does not log in", "use a user of the image with sudo")


def authorized_keys(lines: tuple[str, ...]) -> str:
    """The file that sshd reads."""
    return "".join(f"{' '.join(line.split())}\n" for line in lines)


def _wrong_key(line: str) -> str:
    if "\n" in line.strip() or not line.strip().isprintable():
        return "is not one line of printable characters"
    kind, _, rest = line.strip().partition(" ")
    if kind not in _TYPES:
        return f"does not begin with the type of a public key ({', '.join(_TYPES)})"
    try:
        fields = _fields(base64.b64decode(rest.split(" ")[0], validate=True))
    except (ValueError, binascii.Error, struct.error):
        fields = []
    if not fields:
        return f"has no {kind} key behind its type: it may have been cut off"
    if len(fields) < 2 or fields[0] != kind.encode():
        return f"says {kind}, and holds another type of key"
    if kind == _RSA and int.from_bytes(fields[-1]).bit_length() < _LEAST_RSA_BITS:
        return f"is an RSA key of less than {_LEAST_RSA_BITS} bits, which is too weak"
    return ""


def _fields(blob: bytes) -> list[bytes]:
    """The fields of a key: each with its length before it (RFC 4251, section 5).

    Raises:
        ValueError, struct.error: it is cut off.

    """
    fields = []
    while blob:
        (length,) = struct.unpack_from(">I", blob)
        if len(blob) < 4 + length:
            raise ValueError("a field is cut off")
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields
