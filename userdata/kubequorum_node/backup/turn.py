"""Which master writes: the one that holds a key with a lease.

Only to save work: what is written is right whoever and however many write.
"""

import json
import threading
import time
from collections.abc import Callable

from kubequorum_node.backup.errors import BackupError, EtcdRefusedError
from kubequorum_node.backup.gateway import Gateway, encode

KEY = b"kubequorum/backup-writer"
LEASE_SECONDS = 3
"""How long a writer that has died keeps others from writing. etcd's shortest lease is 2 s."""
_RENEWAL_SECONDS = 0.8


class Turn:
    """The right to write, as long as its lease is renewed."""

    def __init__(self, gateway: Callable[[], Gateway], *, slot: str) -> None:
        self._make_gateway = gateway
        self._gateway = gateway()
        self._slot = slot
        self._lease = 0
        self._renewed = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()

    @property
    def is_held(self) -> bool:
        """Whether this master writes."""
        with self._lock:
            return self._lease != 0 and time.monotonic() - self._renewed < LEASE_SECONDS

    def holder(self) -> str:
        """The slot that writes; empty if none does."""
        found = self._gateway.get(KEY)
        if found is None:
            return ""
        try:
            return str(json.loads(found.value)["slot"])
        except (ValueError, LookupError, TypeError):
            return "unknown"

    def take(self) -> bool:
        """Take the turn if nobody has it."""
        gateway = self._gateway
        begun = time.monotonic()
        lease = gateway.grant_lease(LEASE_SECONDS)
        value = json.dumps({"slot": self._slot}).encode()
        answer = gateway.txn(
            compare=[
                {"key": encode(KEY), "target": "CREATE", "result": "EQUAL", "create_revision": "0"},
            ],
            success=[
                {"request_put": {"key": encode(KEY), "value": encode(value), "lease": str(lease)}},
            ],
        )
        if not answer.get("succeeded"):
            gateway.revoke_lease(lease)
            return False
        with self._lock:
            self._lease, self._renewed = lease, begun
        self._stop = threading.Event()
        threading.Thread(
            target=self._renew, args=(lease, self._stop), name="backup-turn", daemon=True
        ).start()
        return True

    def release(self) -> None:
        """Give the turn back, if this master has it; if etcd does not answer, the lease ends by itself."""
        self._stop.set()
        with self._lock:
            lease, self._lease = self._lease, 0
        if lease:
            try:
                self._gateway.revoke_lease(lease)
            except BackupError:
                return

    def _renew(self, lease: int, stop: threading.Event) -> None:
        gateway = self._make_gateway()
        while not stop.wait(_RENEWAL_SECONDS):
            begun = time.monotonic()
            try:
                renewed = gateway.keep_alive(lease)
            except EtcdRefusedError:
                renewed = False
            except BackupError:
                continue
            with self._lock:
                if self._lease != lease:
                    return
                if not renewed:
                    self._lease = 0
                    return
                self._renewed = begun
