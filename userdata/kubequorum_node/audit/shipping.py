"""Copies what is new in the audit log to the state bucket: every half minute, and at the very end."""

import gzip
import signal
import threading
import time
from datetime import UTC, datetime

from kubequorum_node import log
from kubequorum_node.audit.files import AuditFiles, Segment
from kubequorum_node.aws.state_store import NOT_THERE, PreconditionError
from kubequorum_node.node import Node

PREFIX = "audit/"
SECONDS = 30.0
"""Between two copies: with a machine that is lost, at most a minute of the log is lost."""
_SEGMENT_BYTES = 8 << 20
_COMPRESSION = 3


class Shipper:
    """Ships one master's log. Nothing is changed or read in the bucket: its role may only write there."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._files = AuditFiles(node.host)
        self.objects = 0
        self.bytes = 0

    def ship(self) -> None:
        """Write all that is new.

        Raises:
            Exception: the bucket fails; what is not written is written the next time.

        """
        for segment in self._files.new(_SEGMENT_BYTES):
            key = self._key(segment)
            body = gzip.compress(segment.data, _COMPRESSION, mtime=0)
            try:
                self._node.store.put(key, body, only_if=NOT_THERE)
            except PreconditionError:
                # A request that was repeated after its answer was lost: the name has the time in it.
                log.info(f"audit: {key} was written before")
            self._files.done(segment)
            self.objects += 1
            self.bytes += len(body)

    def _key(self, segment: Segment) -> str:
        """By slot and day; then by time, host and place in its file, so that no two have one name."""
        now = datetime.fromtimestamp(self._node.clock.wall_time(), UTC)
        host = self._node.identity.instance_id
        place = f"{segment.file}-{segment.offset:012d}"
        return f"{PREFIX}{self._node.slot}/{now:%Y/%m/%d}/{now:%H%M%S.%f}-{host}-{place}.jsonl.gz"


def run(node: Node) -> None:
    """Ship until this process is asked to stop, and once more then."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    keep_shipping(Shipper(node), stop)


def keep_shipping(shipper: Shipper, stop: threading.Event, *, seconds: float = SECONDS) -> None:
    """Ship every so many seconds; nothing that fails ends it."""
    failing_since: float | None = None
    while True:
        stopping = stop.is_set()
        try:
            shipper.ship()
            if failing_since is not None:
                log.info("audit: the log is copied again")
            failing_since = None
        except Exception as error:
            if failing_since is None:
                log.error(f"audit: the log cannot be copied, which is retried: {error!r}")
            failing_since = failing_since or time.monotonic()
        if stopping:
            return
        stop.wait(seconds)


def ship_the_rest(node: Node) -> None:
    """Ship what is left, once: the API server has stopped."""
    shipper = Shipper(node)
    shipper.ship()
    log.info(f"audit: the last {shipper.objects} parts of the log are copied, {shipper.bytes >> 10} KiB")
