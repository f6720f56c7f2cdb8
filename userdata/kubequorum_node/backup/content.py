"""What is in an etcd at one revision, as hashes over its keys and values."""

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubequorum_node.backup.gateway import Gateway

NOT_RESTORED = (b"/registry/masterleases/",)
"""Addresses of API servers, each with a lease of seconds: what a restored cluster has of them is wrong."""
_END = b"\0"
_PAGE_BYTES = 2 << 20
_FIRST_PAGE = 16
_LARGEST_PAGE = 2000
_GROUP_PARTS = 3
"""Of a key's path: /registry/pods/ and so on."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """Hashes of keys and values, by group of keys."""

    keys: int
    groups: dict[str, str]
    """Number of keys and SHA-256 of each group."""

    def differences(self, other: "Content") -> list[str]:
        """The groups in which two differ."""
        return sorted(
            group
            for group in self.groups.keys() | other.groups.keys()
            if self.groups.get(group) != other.groups.get(group)
        )


def read(gateway: Gateway, *, revision: int = 0) -> Content:
    """Read all keys, without those that are never restored.

    Args:
        gateway: of the member to read from.
        revision: which one; 0 for the newest.

    Raises:
        CompactedError: etcd no longer has the revision.

    """
    digests: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for raw in _all(gateway, revision):
        key = b64decode(raw["key"])
        if key.startswith(NOT_RESTORED):
            continue
        group = _group(key)
        value = b64decode(raw.get("value", ""))
        digest = digests.setdefault(group, hashlib.sha256())
        for part in (key, value):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        counts[group] = counts.get(group, 0) + 1
    return Content(
        keys=sum(counts.values()),
        groups={group: f"{counts[group]} {digest.hexdigest()}" for group, digest in digests.items()},
    )


def _all(gateway: Gateway, revision: int) -> Iterator[dict[str, Any]]:
    """All keys in order, in pages of about the same number of bytes."""
    begin, limit = _END, _FIRST_PAGE
    while True:
        answer = gateway.range(begin, end=_END, limit=limit, revision=revision)
        found = answer.get("kvs", [])
        yield from found
        if not answer.get("more"):
            return
        # All pages are of one moment.
        revision = revision or int(answer["header"]["revision"])
        begin = b64decode(found[-1]["key"]) + b"\0"
        size = sum(len(raw.get("value", "")) + len(raw["key"]) for raw in found)
        limit = max(1, min(_LARGEST_PAGE, 4 * limit, limit * _PAGE_BYTES // max(size, 1)))


def _group(key: bytes) -> str:
    parts = key.decode(errors="replace").split("/")
    return "/".join(parts[:_GROUP_PARTS])


def end_of(prefix: bytes) -> bytes:
    """The end of the range of all keys with a prefix."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
