"""A cluster of etcd as etcdctl shows it to a master: members, leader, health, alarms, data, and keys."""

import base64
import json
import re
import shlex
from collections.abc import Callable
from typing import Any

from kubequorum_node.host import Result
from tests.unit.node.fakes import FakeNode

ETCDCTL = "/usr/local/bin/etcdctl"
LOCAL = "https://127.0.0.1:2379"
LEARNER_ID = 255
"""Of a member that joins again."""
_PUT = re.compile(r"^put --lease=(\w+) (\S+) (.*)$", re.MULTILINE)
_NUMBERS = {"NOSPACE": 1, "CORRUPT": 2}
_REFUSED = Result(1, "", "connection refused")


def client_url(slot: str) -> str:
    """Where clients find a slot's member."""
    return f"https://etcd-{slot}.ha.kubequorum.internal:2379"


class SimulatedEtcd:
    """Three members; the node is the master of slot a."""

    def __init__(
        self, node: FakeNode, *, own_runs: Callable[[], bool] = lambda: True, log: list[str] | None = None
    ) -> None:
        self._own_runs = own_runs
        self._log = [] if log is None else log
        self.members: dict[str, dict[str, Any]] = {
            slot: {
                "ID": number,
                "name": f"etcd-{slot}",
                "peerURLs": [f"https://etcd-{slot}.ha.kubequorum.internal:2380"],
            }
            for number, slot in enumerate("abc", start=1)
        }
        self.down: set[str] = set()
        """Slots whose member does not answer."""
        self.quorum = True
        """Whether requests that need a consensus end."""
        self.leader: str | None = "b"
        """The slot that leads, as far as the members know."""
        self.raft_indexes = dict.fromkeys("abc", 1000)
        self.promotions_refused = 0
        """How often a learner is not in sync yet."""
        self.hashes = dict.fromkeys("abc", 77)
        self.revisions = dict.fromkeys("abc", 9)
        self.compacted = dict.fromkeys("abc", 1)
        """The revision of each member's last compaction."""
        self.alarms: list[tuple[int, str]] = []
        self.keys: dict[str, str] = {}
        self.leases: dict[str, int] = {}
        self.bound: dict[str, str] = {}
        """The lease of each key that has one."""
        node.host.on(ETCDCTL, self._run)

    def own_member_started(self) -> None:
        """A member gives its name when it starts for the first time."""
        self.members["a"]["name"] = "etcd-a"

    def _is_up(self, slot: str) -> bool:
        return slot not in self.down and (slot != "a" or self._own_runs())

    def _run(self, command: tuple[str, ...], stdin: str | None) -> Result:
        endpoints = command[1].removeprefix("--endpoints=").split(",")
        words = tuple(word for word in command[2:] if not word.startswith("--"))
        asked = ["a"] if LOCAL in endpoints else [slot for slot in "abc" if client_url(slot) in endpoints]
        up = [slot for slot in asked if self._is_up(slot)]
        if words[:2] == ("endpoint", "health"):
            found = [{"endpoint": client_url(slot), "health": slot in up and self.quorum} for slot in asked]
            return Result(0 if all(entry["health"] for entry in found) else 1, json.dumps(found))
        if not up:
            return _REFUSED
        if words[:2] in (("endpoint", "status"), ("endpoint", "hashkv"), ("alarm", "list")):
            return _answer(self._look(words[1], up))
        if not self.quorum:
            return Result(1, "", "etcdserver: request timed out")
        if words[0] == "move-leader":
            return self._move_leader(asked[0], int(words[1], 16))
        return self._change(words, command, stdin)

    def _look(self, what: str, up: list[str]) -> object:
        """What members say of themselves, with or without a quorum."""
        if what == "status":
            slot = up[0]
            member = self.members[slot]
            return [
                {
                    "Status": {
                        "header": {"member_id": member["ID"], "revision": self.revisions[slot]},
                        "leader": 0 if self.leader is None else self.members[self.leader]["ID"],
                        "raftIndex": self.raft_indexes[slot],
                        **({"isLearner": True} if member.get("isLearner") else {}),
                    }
                }
            ]
        if what == "hashkv":
            return [
                {"HashKV": {"hash": self.hashes[slot], "compact_revision": self.compacted[slot]}}
                for slot in up
            ]
        return {"alarms": [{"memberID": member, "alarm": _NUMBERS[name]} for member, name in self.alarms]}

    def _move_leader(self, asked: str, member_id: int) -> Result:
        if asked != self.leader:
            return Result(1, "", "etcdserver: not leader")
        (self.leader,) = (slot for slot, member in self.members.items() if member["ID"] == member_id)
        self._log.append(f"etcd is led by {self.leader}")
        return Result(0, "")

    def _change(self, words: tuple[str, ...], command: tuple[str, ...], stdin: str | None) -> Result:
        match words[:2]:
            case ("alarm", "disarm"):
                self.alarms.clear()
                return Result(0, "")
            case ("member", "remove"):
                (gone,) = [slot for slot, m in self.members.items() if f"{m['ID']:x}" == words[2]]
                del self.members[gone]
            case ("member", "add"):
                assert "--learner" in command
                url = next(word for word in command if word.startswith("--peer-urls=")).partition("=")[2]
                self.members["a"] = {"ID": LEARNER_ID, "peerURLs": [url], "isLearner": True}
                # A learner gets its data from the leader.
                self.hashes["a"] = self.hashes["b"]
            case ("member", "promote"):
                return self._promote(words[2], command[1])
            case ("lease", "grant"):
                self.leases[f"{0xABC + len(self.leases):x}"] = int(words[2])
                return _answer({"ID": int(list(self.leases)[-1], 16)})
        if words[0] in ("txn", "get", "del"):
            return self._key(words, stdin)
        return _answer({"members": list(self.members.values())})

    def _key(self, words: tuple[str, ...], stdin: str | None) -> Result:
        if words[0] == "txn":
            return self.transact(stdin or "")
        if words[0] == "del":
            self.keys.pop(words[1], None)
            return Result(0, "1")
        if words[1] not in self.keys:
            return _answer({"count": 0})
        return _answer({"kvs": [{"value": base64.b64encode(self.keys[words[1]].encode()).decode()}]})

    def _promote(self, hex_id: str, endpoints: str) -> Result:
        assert LOCAL not in endpoints, "the others are asked: a learner cannot promote itself"
        if self.promotions_refused:
            self.promotions_refused -= 1
            return Result(1, "", "can only promote a learner member which is in sync with leader")
        member = self.members["a"]
        assert f"{member['ID']:x}" == hex_id
        member.pop("isLearner", None)
        return Result(0, "promoted")

    def transact(self, text: str) -> Result:
        """One comparison of a key's creation, then what is to be done if it holds, or if it does not."""
        comparison, then, otherwise, *_ = text.split("\n\n")
        key, operator = re.findall(r'^create\("(\S+)"\) ([=>]) "0"$', comparison)[0]
        holds = (key in self.keys) is (operator == ">")
        answer: dict[str, Any] = {"responses": []}
        if holds:
            answer["succeeded"] = True
        for line in filter(None, (then if holds else otherwise).splitlines()):
            if put := _PUT.match(line):
                lease, name, value = put.groups()
                self.keys[name] = json.loads(value)
                assert shlex.split(value), "etcdctl reads it as one word"
                self.bound[name] = lease
            elif line.startswith("del "):
                del self.keys[line.removeprefix("del ")]
            else:
                name = line.removeprefix("get ")
                value = base64.b64encode(self.keys[name].encode()).decode()
                answer["responses"].append({"Response": {"response_range": {"kvs": [{"value": value}]}}})
        return _answer(answer)


def _answer(document: object) -> Result:
    return Result(0, json.dumps(document))
