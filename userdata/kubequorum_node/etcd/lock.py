"""A lock in etcd: a key with a lease, which at most one holder creates."""

import base64
import json

from kubequorum_node.etcd.client import EtcdClient, Transaction


class Lock:
    """A lock on a key. Its holder is a JSON object that the key's value says; its lease bounds how long."""

    def __init__(self, client: EtcdClient, key: str) -> None:
        self._client = client
        self._key = key
        self._exists = f'create("{key}") > "0"'

    def holder(self) -> dict[str, str]:
        """Who has it; empty if nobody has.

        Raises:
            CommandError: no quorum answers.

        """
        answer = self._client.transact(Transaction(compare=self._exists, success=f"get {self._key}"))
        if not answer.get("succeeded"):
            return {}
        (found,) = answer["responses"][0]["Response"]["response_range"]["kvs"]
        holder: dict[str, str] = json.loads(base64.b64decode(found["value"]))
        return holder

    def acquire(self, holder: dict[str, str], *, seconds: int) -> dict[str, str]:
        """Take the lock if it is free; returns who has it now.

        Args:
            holder: who takes it.
            seconds: it is released by itself after that.

        Raises:
            CommandError: no quorum answers.

        """
        if current := self.holder():
            return current
        lease = self._client.grant_lease(seconds)
        # Of two that arrive here at the same time, only one creates the key.
        put = f"put --lease={lease} {self._key} {_quoted(json.dumps(holder))}"
        transaction = Transaction(
            compare=f'create("{self._key}") = "0"', success=put, failure=f"get {self._key}"
        )
        if self._client.transact(transaction).get("succeeded"):
            return holder
        return self.holder()

    def release(self) -> None:
        """Delete the key, whoever holds the lock.

        Raises:
            CommandError: no quorum answers.

        """
        self._client.transact(Transaction(compare=self._exists, success=f"del {self._key}"))


def _quoted(value: str) -> str:
    """As `etcdctl txn` reads a word: in double quotes, with Go's escapes."""
    return json.dumps(value)
