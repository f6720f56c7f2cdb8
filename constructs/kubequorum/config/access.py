"""Section of a cluster file about people on machines: their SSH keys, and the way to port 22."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from kubequorum.config.section import Section

_PRIVATE = "PRIVATE KEY"
"""In the first and last line of every private key in PEM, OpenSSH's own format included."""


def has_private_key(value: object) -> bool:
    """Whether there is a private key anywhere in a value of a YAML file.

    Each part is looked at once, however often aliases of YAML refer to it: as text it could fill the memory.
    """
    to_do, seen = [value], set[int]()
    while to_do:
        part = to_do.pop()
        if isinstance(part, str) and _PRIVATE in part:
            return True
        if isinstance(part, dict | list | tuple) and id(part) not in seen:
            seen.add(id(part))
            to_do += [*part, *part.values()] if isinstance(part, dict) else part
    return False


def _without_private_keys(value: object) -> object:
    """Refuse a private key before anything else looks at it: no message may show it.

    Raises:
        ValueError: there is one.

    """
    if has_private_key(value):
        raise ValueError(
            "there is a private key, which is not shown here; if this file was anywhere else, make new keys"
        )
    return value


UserName = Annotated[str, StringConstraints(pattern=r"^[a-z_][-a-z0-9_]{0,31}$")]
PublicKeys = Annotated[
    tuple[Annotated[str, StringConstraints(max_length=4096)], ...],
    BeforeValidator(_without_private_keys),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}),
]


class Access(Section):
    """Who gets onto machines, and how; see docs/operations/machines.md."""

    ssh_keys: PublicKeys = Field(
        default=(),
        description=(
            "public SSH keys, a line each as in a .pub file, whose owners become root on every machine; "
            "machines take a changed list within five minutes, the first key and the last one replace them"
        ),
        examples=[["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA… alice@example.com"]],
    )
    instance_connect_endpoint: bool = Field(
        default=False,
        description=(
            "an EC2 Instance Connect Endpoint in the VPC, the only source from which port 22 can be reached; "
            "needs ssh_keys"
        ),
    )
    ssh_user: UserName = Field(
        default="admin",
        description="user of the image that logs in with these keys, and may use sudo without a password",
    )
