"""etcd as a client sees it, through etcdctl."""

import json
from dataclasses import dataclass
from typing import Any

from kubequorum_node.host import Result
from kubequorum_node.kubeadm.configuration import client_url
from kubequorum_node.node import Node

_ETCDCTL = "/usr/local/bin/etcdctl"
_PKI = "/etc/kubernetes/pki/etcd"
_LOCAL = "https://127.0.0.1:2379"
_ANSWER_SECONDS = 5
_GLANCE_SECONDS = 3
"""About as long as an API server takes to start, which is waited for meanwhile."""
_HASH_SECONDS = 60
"""A member reads all of its data for its hash: 8 GiB at most, at several hundred MiB a second."""
_MARGIN_SECONDS = 10
"""For etcdctl to give up by itself."""
_ALARMS = {1: "NOSPACE", 2: "CORRUPT"}
"""etcd's own numbers (api/etcdserverpb/rpc.proto, AlarmType)."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member as the cluster knows it."""

    member_id: int
    name: str
    """Empty until it has started for the first time."""
    peer_urls: tuple[str, ...]
    is_learner: bool

    @property
    def hex_id(self) -> str:
        """The id as etcdctl takes it."""
        return f"{self.member_id:x}"


@dataclass(frozen=True)
class Fingerprint:
    """What a member's data hash to; comparable with one of the same compaction only."""

    hash: int
    compact_revision: int


class Etcd:
    """The cluster through some of its members."""

    def __init__(self, node: Node, *endpoints: str) -> None:
        self._node = node
        self._endpoints = endpoints

    @classmethod
    def local(cls, node: Node) -> "Etcd":
        """Through the member on this machine."""
        return cls(node, _LOCAL)

    @classmethod
    def of_slot(cls, node: Node, slot: str) -> "Etcd":
        """Through one slot's member, which may be the one on this machine."""
        return cls.local(node) if slot == node.slot else cls(node, client_url(node.etcd_spec, slot))

    @classmethod
    def others(cls, node: Node) -> "Etcd":
        """Through the members of the other slots."""
        return cls(
            node, *(client_url(node.etcd_spec, slot) for slot in node.etcd_spec.slots if slot != node.slot)
        )

    def members(self) -> list[Member]:
        """All members, as a quorum knows them.

        Raises:
            CommandError: no quorum answers.

        """
        return _members(self._json("member", "list"))

    def remove(self, member: Member) -> None:
        """Take a member out."""
        self._run("member", "remove", member.hex_id)

    def add_learner(self, name: str, peer_url: str) -> list[Member]:
        """Add a member that has no vote until it is promoted; returns all members."""
        return _members(self._json("member", "add", name, f"--peer-urls={peer_url}", "--learner"))

    def promote(self, member_id: int) -> None:
        """Give a learner its vote; etcd refuses while it has not caught up."""
        self._run("member", "promote", f"{member_id:x}")

    def status(self) -> dict[str, Any]:
        """What the first endpoint says of itself."""
        status: dict[str, Any] = self._json("endpoint", "status")[0]["Status"]
        return status

    def revision(self) -> int:
        """The newest revision that the first endpoint has; one that is down is not waited for."""
        done = self._call("endpoint", "status", "--write-out=json", seconds=_GLANCE_SECONDS)
        return int(json.loads(done.stdout)[0]["Status"]["header"]["revision"])

    def alarms(self) -> list[tuple[int, str]]:
        """Alarms that are on: the id of the member each is about, and its name."""
        answer = self._json("alarm", "list")
        return [
            (int(alarm["memberID"]), _ALARMS.get(alarm["alarm"], "")) for alarm in answer.get("alarms", [])
        ]

    def disarm(self) -> None:
        """Take all alarms back; one whose reason still holds comes again."""
        self._run("alarm", "disarm")

    def healthy_endpoints(self) -> set[str]:
        """The endpoints whose member serves a read through the consensus."""
        done = self._call("endpoint", "health", "--write-out=json", check=False)
        try:
            return {entry["endpoint"] for entry in json.loads(done.stdout) if entry.get("health")}
        except (ValueError, TypeError):
            return set()

    def fingerprint(self, revision: int) -> Fingerprint:
        """Of the first endpoint's data up to a revision, which it must have; it reads all of them for it."""
        done = self._call(
            "endpoint", "hashkv", f"--rev={revision}", "--write-out=json", seconds=_HASH_SECONDS
        )
        answer = json.loads(done.stdout)[0]["HashKV"]
        return Fingerprint(hash=int(answer["hash"]), compact_revision=int(answer.get("compact_revision", 0)))

    def grant_lease(self, seconds: int) -> str:
        """Make a lease; returns its id as etcdctl takes it. What is bound to it goes when it ends."""
        return f"{int(self._json('lease', 'grant', str(seconds))['ID']):x}"

    def transact(self, transaction: str) -> dict[str, Any]:
        """Run a transaction, written as `etcdctl txn` reads it; its answer has `succeeded` if it did."""
        answer: dict[str, Any] = json.loads(self._call("txn", "--write-out=json", stdin=transaction).stdout)
        return answer

    def move_leader(self, member_id: int) -> None:
        """Have the first endpoint, which must lead, hand over to another member."""
        self._run("move-leader", f"{member_id:x}")

    def read_with_quorum(self) -> None:
        """Read a key through the consensus: proves that the member has caught up, and that a leader serves.

        Raises:
            CommandError: it cannot.

        """
        self._run("get", "kubequorum-health")

    def _json(self, *command: str) -> Any:
        return json.loads(self._run(*command, "--write-out=json"))

    def _run(self, *command: str) -> str:
        return self._call(*command).stdout

    def _call(
        self, *command: str, stdin: str | None = None, check: bool = True, seconds: int = _ANSWER_SECONDS
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
