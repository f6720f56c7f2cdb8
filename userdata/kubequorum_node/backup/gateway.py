"""etcd's JSON gateway: the gRPC API as HTTP requests with JSON bodies, on the client port.

https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/. Bytes are base64, 64-bit numbers are strings, and
fields that are zero are left out.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubequorum_node.backup.errors import CompactedError, EtcdUnavailableError
from kubequorum_node.backup.transport import Transport

_FIRST_KEY = b"\0"
"""As the range's end it means: no end."""


@dataclass(frozen=True, kw_only=True)
class KeyValue:
    """A key as a range has it."""

    key: bytes
    value: bytes
    mod_revision: int
    lease: int


@dataclass(frozen=True, kw_only=True)
class MemberStatus:
    """What a member says of itself."""

    member_id: int
    leader: int
    cluster_id: str
    """Hexadecimal, as etcd's logs have it."""
    revision: int
    is_learner: bool
    database_bytes: int


class Gateway(Transport):
    """What is asked of etcd. Not safe to share between threads: each thread makes one of its own."""

    def status(self) -> MemberStatus:
        """What this member says of itself."""
        answer = self.call("/v3/maintenance/status", {})
        header = answer["header"]
        return MemberStatus(
            member_id=int(header["member_id"]),
            leader=int(answer.get("leader", 0)),
            cluster_id=f"{int(header['cluster_id']):x}",
            revision=int(header.get("revision", 0)),
            is_learner=bool(answer.get("isLearner", False)),
            database_bytes=int(answer.get("dbSize", 0)),
        )

    def revision(self) -> int:
        """The newest revision, read through the consensus: all acknowledged writes are at or below it."""
        return int(self.range(_FIRST_KEY, limit=1, keys_only=True)["header"]["revision"])

    def range(
        self,
        key: bytes,
        *,
        end: bytes | None = None,
        limit: int = 0,
        revision: int = 0,
        keys_only: bool = False,
        serializable: bool = False,
    ) -> dict[str, Any]:
        """Read keys; the raw answer."""
        body: dict[str, Any] = {"key": encode(key), "limit": str(limit), "revision": str(revision)}
        if end is not None:
            body["range_end"] = encode(end)
        return self.call(
            "/v3/kv/range", {**body, "keys_only": keys_only, "serializable": serializable}, seconds=60
        )

    def get(self, key: bytes, *, revision: int = 0) -> KeyValue | None:
        """One key."""
        found = self.range(key, revision=revision).get("kvs", [])
        return key_value(found[0]) if found else None

    def txn(
        self,
        *,
        compare: list[dict[str, Any]] | None = None,
        success: list[dict[str, Any]],
        failure: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Run a transaction, with operations as the gateway takes them; the raw answer."""
        return self.call(
            "/v3/kv/txn",
            {"compare": compare or [], "success": success, "failure": failure or []},
            seconds=60,
        )

    def put(self, key: bytes, value: bytes, *, lease: int = 0) -> int:
        """Write a key; returns the revision."""
        answer = self.call("/v3/kv/put", {"key": encode(key), "value": encode(value), "lease": str(lease)})
        return int(answer["header"]["revision"])

    def delete(self, key: bytes, *, end: bytes | None = None) -> int:
        """Delete a key or a range; returns how many were there."""
        body = {"key": encode(key)} | ({} if end is None else {"range_end": encode(end)})
        return int(self.call("/v3/kv/deleterange", body).get("deleted", 0))

    def compact(self, revision: int) -> None:
        """Drop the history before a revision."""
        self.call("/v3/kv/compaction", {"revision": str(revision)})

    def grant_lease(self, seconds: int, *, lease: int = 0) -> int:
        """Make a lease, with an id if one is given; returns its id."""
        return int(self.call("/v3/lease/grant", {"TTL": str(seconds), "ID": str(lease)})["ID"])

    def revoke_lease(self, lease: int) -> None:
        """End a lease; what is bound to it goes."""
        self.call("/v3/lease/revoke", {"ID": str(lease)})

    def leases(self) -> list[int]:
        """Ids of all leases."""
        return [int(each["ID"]) for each in self.call("/v3/lease/leases", {}).get("leases", [])]

    def granted_ttl(self, lease: int) -> int | None:
        """For how many seconds a lease was granted; None if it is no more."""
        answer = self.call("/v3/lease/timetolive", {"ID": str(lease)})
        return int(answer.get("grantedTTL", 0)) or None

    def keep_alive(self, lease: int) -> bool:
        """Renew a lease once; False if it is no more."""
        answer = self.call("/v3/lease/keepalive", {"ID": str(lease)})
        return int(answer.get("result", {}).get("TTL", 0)) > 0

    def watch(self, *, start_revision: int, idle_seconds: float) -> Iterator[dict[str, Any]]:
        """All changes from a revision on, as etcd's watch responses; see `stream`.

        Raises:
            CompactedError: etcd no longer has that revision.

        """
        request = {
            "key": encode(_FIRST_KEY),
            "range_end": encode(_FIRST_KEY),
            "start_revision": str(start_revision),
            # Responses of bounded size: those of a revision are joined by the reader.
            "fragment": True,
        }
        for result in self.stream("/v3/watch", {"create_request": request}, idle_seconds=idle_seconds):
            if compacted := int(result.get("compact_revision", 0)):
                raise CompactedError(f"etcd has the changes from revision {compacted} on only")
            if result.get("canceled"):
                reason = result.get("cancel_reason", "no reason given")
                raise EtcdUnavailableError(f"etcd cancelled the watch: {reason}")
            yield result


def encode(data: bytes) -> str:
    """Bytes as the gateway takes them."""
    return b64encode(data).decode()


def key_value(raw: dict[str, Any]) -> KeyValue:
    """A key as a range's answer has it."""
    return KeyValue(
        key=b64decode(raw["key"]),
        value=b64decode(raw.get("value", "")),
        mod_revision=int(raw["mod_revision"]),
        lease=int(raw.get("lease", 0)),
    )
