"""What a request is checked for: an action on each of its resources, under condition keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ANY = "*"
"""The resource of actions that have no resource-level permissions."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One permission that the caller needs."""

    resource_arn: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    """Condition keys with their values; a key with several values has a list."""
    action: str | None = None
    """Another action than the request's, for what a service does in the caller's name."""
    service: str | None = None
    """The service of that action."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came in."""

    service: str
    action: str
    """Without the service: AttachVolume."""
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    parameters: Mapping[str, Any]
    """Of the query string and a form body."""
    region: str
    account_id: str

    def parameter(self, name: str) -> str:
        """One parameter, empty if it is not there."""
        value = self.parameters.get(name, "")
        return str(value[0] if isinstance(value, list) else value)

    def numbered(self, name: str) -> list[str]:
        """A list parameter of the EC2 and Query protocols: Name.1 or Name.member.1 and so on."""
        return list(self._numbered(f"{name}.")) or list(self._numbered(f"{name}.member."))

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the account and region of the request."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def _numbered(self, prefix: str) -> Iterator[str]:
        number = 1
        while value := self.parameter(f"{prefix}{number}"):
            yield value
            number += 1


def tag_keys(prefixes: tuple[str, ...], tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as condition keys, e.g. aws:ResourceTag/Name and ec2:ResourceTag/Name."""
    return {f"{prefix}{key}": value for prefix in prefixes for key, value in tags.items()}
