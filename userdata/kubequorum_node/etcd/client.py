"""etcd as a client sees it, through etcdctl."""

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from kubequorum_node.etcd.topology import Member, client_url, other_slots
from kubequorum_node.host import CommandError, Result
from kubequorum_node.node import Node

_ETCDCTL = "/usr/local/bin/etcdctl"
_PKI = "/etc/kubernetes/pki/etcd"
_LOCAL = "https://127.0.0.1:2379"
_COMMAND_SECONDS = 5
_REVISION_SECONDS = 3
"""About as long as an API server takes to start, and it starts at the same time."""
_HASH_SECONDS = 60
"""To hash its data a member reads all of them: 8 GiB at most, at several hundred MiB a second."""
_MARGIN_SECONDS = 10
"""For etcdctl to time out by itself."""
UNREADABLE = (CommandError, LookupError, ValueError)
"""What a call raises when the members do not answer, or etcdctl prints something unexpected."""
_ALARMS = {1: "NOSPACE", 2: "CORRUPT"}
"""etcd's own numbers (api/etcdserverpb/rpc.proto, AlarmType)."""


@dataclass(frozen=True)
class Fingerprint:
    """The hash of a member's data. Comparable only with one of the same compaction."""

    hash: int
    compact_revision: int


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A transaction on one key, in the words of `etcdctl txn`."""

    compare: str
    success: str
    failure: str = ""

    def __str__(self) -> str:
        """As etcdctl reads it: three sections, each ended by an empty line."""
        end = "\n\n" if self.failure else "\n"
        return f"{self.compare}\n\n{self.success}\n\n{self.failure}{end}"


class EtcdClient:
    """The cluster, reached through some of its members."""

    def __init__(self, node: Node, *endpoints: str) -> None:
        self._node = node
        self._endpoints = endpoints

    @classmethod
    def local(cls, node: Node) -> "EtcdClient":
        """Through the member on this node."""
        return cls(node, _LOCAL)

    @classmethod
    def of_slot(cls, node: Node, slot: str) -> "EtcdClient":
        """Through one slot's member, which may be the one on this node."""
        return cls.local(node) if slot == node.slot else cls(node, client_url(node.etcd_spec, slot))

    @classmethod
    def others(cls, node: Node) -> "EtcdClient":
        """Through the members of the other slots."""
        spec = node.etcd_spec
        return cls(node, *(client_url(spec, slot) for slot in other_slots(spec, node.slot)))

    def members(self) -> list[Member]:
        """All members, as a quorum knows them.

        Raises:
            CommandError: no quorum answers.

        """
        return _members(self._json("member", "list"))

    def remove(self, member: Member) -> None:
        """Remove a member."""
        self._run("member", "remove", member.hex_id)

    def add_learner(self, name: str, peer_url: str) -> list[Member]:
        """Add a member that has no vote until it is promoted; returns all members."""
        return _members(self._json("member", "add", name, f"--peer-urls={peer_url}", "--learner"))

    def promote(self, member_id: int) -> None:
        """Give a learner its vote; etcd refuses until it has caught up."""
        self._run("member", "promote", f"{member_id:x}")

    def status(self) -> dict[str, Any]:
        """The status of the first endpoint."""
        status: dict[str, Any] = self._json("endpoint", "status")[0]["Status"]
        return status

    def revision(self) -> int:
        """The newest revision that the first endpoint has. One that is down fails quickly."""
        done = self._call("endpoint", "status", "--write-out=json", seconds=_REVISION_SECONDS)
        return int(json.loads(done.stdout)[0]["Status"]["header"]["revision"])

    def alarms(self) -> list[tuple[int, str]]:
        """Active alarms: the id of the member that each is about, and its name."""
        answer = self._json("alarm", "list")
        return [
            (int(alarm["memberID"]), _ALARMS.get(alarm["alarm"], "")) for alarm in answer.get("alarms", [])
        ]

    def disarm(self) -> None:
        """Clear all alarms; etcd raises one again whose cause persists."""
        self._run("alarm", "disarm")

    def healthy_endpoints(self) -> set[str]:
        """The endpoints whose member serves a linearizable read."""
        done = self._call("endpoint", "health", "--write-out=json", check=False)
        try:
            return {entry["endpoint"] for entry in json.loads(done.stdout) if entry.get("health")}
        except (ValueError, TypeError):
            return set()

    def fingerprint(self, revision: int) -> Fingerprint:
        """Hash the first endpoint's data up to a revision, which it must have. It reads all of them."""
        done = self._call(
            "endpoint", "hashkv", f"--rev={revision}", "--write-out=json", seconds=_HASH_SECONDS
        )
        answer = json.loads(done.stdout)[0]["HashKV"]
        return Fingerprint(hash=int(answer["hash"]), compact_revision=int(answer.get("compact_revision", 0)))

    def grant_lease(self, seconds: int) -> str:
        """Grant a lease and return its id as etcdctl takes it. Keys bound to it are deleted when it ends."""
        return f"{int(self._json('lease', 'grant', str(seconds))['ID']):x}"

    def transact(self, transaction: Transaction) -> dict[str, Any]:
        """Run a transaction; the answer has `succeeded` if its comparison held."""
        done = self._call("txn", "--write-out=json", stdin=str(transaction))
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def value(self, key: str) -> str | None:
        """The value of a key, read through the consensus; None if there is no such key."""
        found = self._json("get", key).get("kvs", [])
        return b64decode(found[0].get("value", "")).decode() if found else None

    def delete(self, key: str) -> None:
        """Delete a key; one that is not there is no error."""
        self._run("del", key)

    def move_leader(self, member_id: int) -> None:
        """Let the first endpoint, which must be the leader, transfer leadership to another member."""
        self._run("move-leader", f"{member_id:x}")

    def read_with_quorum(self) -> None:
        """Read a key with linearizability: proves that the member has caught up and that a leader serves.

        Raises:
            CommandError: it cannot.

        """
        self._run("get", "kubequorum-health")

    def _json(self, *command: str) -> Any:
        return json.loads(self._run(*command, "--write-out=json"))

    def _run(self, *command: str) -> str:
        return self._call(*command).stdout

    def _call(
        self, *command: str, stdin: str | None = None, check: bool = True, seconds: int = _COMMAND_SECONDS
    ) -> Result:
        return self._node.host.run(
            _ETCDCTL,
            f"--endpoints={','.join(self._endpoints)}",
            f"--cacert={_PKI}/ca.crt",
            f"--cert={_PKI}/healthcheck-client.crt",
            f"--key={_PKI}/healthcheck-client.key",
            "--dial-timeout=2s",
            f"--command-timeout={seconds}s",
            *command,
            stdin=stdin,
            timeout=seconds + _MARGIN_SECONDS,
            check=check,
        )


def _members(answer: dict[str, Any]) -> list[Member]:
    return [
        Member(
            member_id=int(member["ID"]),
            name=member.get("name", ""),
            peer_urls=tuple(member.get("peerURLs", [])),
            is_learner=bool(member.get("isLearner", False)),
        )
        for member in answer["members"]
    ]
