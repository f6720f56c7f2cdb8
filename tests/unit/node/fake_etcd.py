"""A cluster of etcd as etcdctl shows it to a master: members, health, alarms, and keys with transactions."""

import base64
import json
import re
import shlex
from typing import Any

from kubequorum_node.host import Result
from tests.unit.node.fakes import FakeNode

ETCDCTL = "/usr/local/bin/etcdctl"
LOCAL = "https://127.0.0.1:2379"
_PUT = re.compile(r"^put --lease=(\w+) (\S+) (.*)$", re.MULTILINE)
_NUMBERS = {"NOSPACE": 1, "CORRUPT": 2}


def client_url(slot: str) -> str:
    """Where clients find a slot's member."""
    return f"https://etcd-{slot}.ha.kubequorum.internal:2379"


class FakeEtcd:
    """Three members; `node` is the master of slot a."""

    def __init__(self, node: FakeNode) -> None:
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
        """Whether the others can agree on anything."""
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

    def _run(self, command: tuple[str, ...], stdin: str | None) -> Result:
        endpoints = command[1].removeprefix("--endpoints=").split(",")
        words = tuple(word for word in command[2:] if not word.startswith("--"))
        asked = ["a"] if LOCAL in endpoints else [slot for slot in "abc" if client_url(slot) in endpoints]
        up = [slot for slot in asked if slot not in self.down]
        if words[:2] == ("endpoint", "health"):
            found = [{"endpoint": client_url(slot), "health": slot in up and self.quorum} for slot in asked]
            return Result(0 if all(entry["health"] for entry in found) else 1, json.dumps(found))
        if not up:
            return Result(1, "", "context deadline exceeded")
        if words[:2] in (("endpoint", "status"), ("endpoint", "hashkv"), ("alarm", "list")):
            return _answer(self._look(words[1], up))
        if not self.quorum:
            return Result(1, "", "etcdserver: request timed out")
        return self._change(words, command, stdin)

    def _look(self, what: str, up: list[str]) -> object:
        """What members say of themselves, with or without a quorum."""
        if what == "status":
            member = self.members[up[0]]
            header = {"member_id": member["ID"], "revision": self.revisions[up[0]]}
            return [{"Status": {"header": header, "leader": 2, **_learner(member)}}]
        if what == "hashkv":
            return [
                {"HashKV": {"hash": self.hashes[slot], "compact_revision": self.compacted[slot]}}
                for slot in up
            ]
        return {"alarms": [{"memberID": member, "alarm": _NUMBERS[name]} for member, name in self.alarms]}

    def _change(self, words: tuple[str, ...], command: tuple[str, ...], stdin: str | None) -> Result:
        match words[:2]:
            case ("alarm", "disarm"):
                self.alarms.clear()
                return Result(0, "")
            case ("member", "remove"):
                (gone,) = [slot for slot, m in self.members.items() if f"{m['ID']:x}" == words[2]]
                del self.members[gone]
            case ("member", "add"):
                url = next(word for word in command if word.startswith("--peer-urls=")).partition("=")[2]
                self.members["a"] = {"ID": 255, "peerURLs": [url], "isLearner": True}
            case ("member", "promote"):
                self.members["a"].pop("isLearner", None)
            case ("lease", "grant"):
                self.leases[f"{0xABC + len(self.leases):x}"] = int(words[2])
                return _answer({"ID": int(list(self.leases)[-1], 16)})
        if words[:1] == ("txn",):
            return self._transact(stdin or "")
        if words[:1] == ("get",):
            return Result(0, "")
        return _answer({"members": list(self.members.values())})

    def _transact(self, text: str) -> Result:
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


def _learner(member: dict[str, Any]) -> dict[str, bool]:
    return {"isLearner": True} if member.get("isLearner") else {}
