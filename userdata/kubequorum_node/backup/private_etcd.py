"""A private etcd that a snapshot is restored into: it listens on a Unix socket and has no peers."""

import contextlib
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from kubequorum_node.backup.connection import over_unix
from kubequorum_node.backup.errors import BackupError
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.tools import EtcdTools

_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_PEER = "http://127.0.0.1:1"
"""A URL that a member must have; nobody ever calls it."""
_QUOTA_BYTES = 16 << 30
"""Above any quota of a cluster: a replay must not end because the database was nearly full."""
_REQUEST_BYTES = 16 << 20
"""Above one value of 1.5 MiB, which etcd takes by default. A larger revision is replayed in parts."""
_OPERATIONS = 10_000
_SHORT_LEASE_SECONDS = 600
_RENEWAL_SECONDS = 0.5
"""etcd's shortest lease is 2 s."""


class PrivateEtcd:
    """A running private etcd."""

    def __init__(self, tools: EtcdTools, folder: Path, socket: str) -> None:
        self._tools = tools
        self._folder = folder
        self.socket = socket
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()

    def gateway(self) -> Gateway:
        """A client of it."""
        return Gateway(over_unix(self.socket))

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises:
            BackupError: it does not; says what it said last.

        """
        log = self._folder / "etcd.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(self._tools.etcd, "--name=private", f"--data-dir={self._folder / 'data'}"),
                    *(f"--listen-client-urls=unix://{self.socket}", f"--advertise-client-urls={_PEER}"),
                    # Port 0: any that is free, on loopback; a member of one has no use for it.
                    *("--listen-peer-urls=http://127.0.0.1:0", f"--initial-advertise-peer-urls={_PEER}"),
                    f"--initial-cluster=private={_PEER}",
                    *(f"--quota-backend-bytes={_QUOTA_BYTES}", f"--max-request-bytes={_REQUEST_BYTES}"),
                    f"--max-txn-ops={_OPERATIONS}",
                    # Its data are thrown away with the host.
                    "--unsafe-no-fsync",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        end = time.monotonic() + _START_SECONDS
        gateway = self.gateway()
        while True:
            try:
                gateway.revision()
                break
            except BackupError as error:
                status = self._process.poll()
                if status is not None or time.monotonic() > end:
                    said = log.read_text(errors="replace")[-1000:]
                    self.stop()
                    raise BackupError(
                        f"the private etcd does not start (status {status}, {error}); it said: {said}"
                    ) from error
                time.sleep(0.05)
        # A snapshot has the alarms of its cluster: with NOSPACE nothing could be written.
        for alarm in gateway.call("/v3/maintenance/alarm", {"action": "GET"}).get("alarms", []):
            gateway.call("/v3/maintenance/alarm", {**alarm, "action": "DEACTIVATE"})
        threading.Thread(target=self._renew_leases, name="private-etcd-leases", daemon=True).start()

    def save(self, path: Path) -> None:
        """Save a snapshot of it."""
        self._tools.save_snapshot_of(self.socket, path)

    def stop(self) -> None:
        """Stop it; safe to repeat."""
        self._stop.set()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _renew_leases(self) -> None:
        """Keep short leases from ending: their keys are part of the data that are rebuilt."""
        gateway = self.gateway()
        short: dict[int, bool] = {}
        while not self._stop.wait(_RENEWAL_SECONDS):
            # What could not be renewed is asked for again, or has ended with the process.
            with contextlib.suppress(BackupError):
                for lease in gateway.leases():
                    if lease not in short:
                        seconds = gateway.granted_ttl(lease)
                        short[lease] = seconds is not None and seconds < _SHORT_LEASE_SECONDS
                    if short[lease]:
                        gateway.keep_alive(lease)


@contextlib.contextmanager
def restored(tools: EtcdTools, snapshot: Path, folder: Path) -> Iterator[PrivateEtcd]:
    """Restore a snapshot into a folder and run a private etcd on it; both are gone at the end."""
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    tools.restore(
        snapshot,
        data,
        "--name=private",
        f"--initial-cluster=private={_PEER}",
        f"--initial-advertise-peer-urls={_PEER}",
    )
    # The path of a Unix socket has 107 bytes at most, so it is not in the folder.
    with tempfile.TemporaryDirectory(prefix="kubequorum-etcd-") as sockets:
        etcd = PrivateEtcd(tools, folder, f"{sockets}/etcd.sock")
        try:
            etcd.start()
            yield etcd
        finally:
            etcd.stop()
            shutil.rmtree(data, ignore_errors=True)
