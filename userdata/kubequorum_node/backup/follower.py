"""Reading every change of etcd into a bounded buffer, in a thread of its own."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from kubequorum_node.backup.changes import Revision, joined
from kubequorum_node.backup.errors import BackupError, CompactedError, HoleError
from kubequorum_node.backup.gateway import Gateway

LIMIT_BYTES = 12 << 20
"""Of lines in the buffer. When it is full nothing is read: etcd keeps the changes until it compacts them."""
_IDLE_SECONDS = 60.0
"""Without a message a watch is opened again: a connection can die without a sign."""
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Line:
    """A revision as it will be written."""

    revision: int
    text: str
    events: int
    leases: frozenset[int]
    buffered: float
    """When, by the clock that never goes back."""


class Follower:
    """All changes after a revision, until it is stopped or cannot continue."""

    def __init__(
        self,
        gateway: Callable[[], Gateway],
        *,
        after: int,
        wall_time: Callable[[], float] = time.time,
        limit_bytes: int = LIMIT_BYTES,
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._gateway = gateway
        self._wall_time = wall_time
        self._limit_bytes = limit_bytes
        self._on_trouble = on_trouble
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._position = after
        self._failure: BackupError | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="backup-follower", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is buffered stays. The thread ends with the next message or its time-out."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def position(self) -> int:
        """The newest revision that was buffered."""
        with self._changed:
            return self._position

    @property
    def failure(self) -> BackupError | None:
        """Why it cannot continue: CompactedError or HoleError; None while it does."""
        with self._changed:
            return self._failure

    @property
    def buffered_bytes(self) -> int:
        """Bytes of lines that wait to be written."""
        with self._changed:
            return self._bytes

    def oldest(self) -> float | None:
        """Since when the oldest change waits."""
        with self._changed:
            return self._lines[0].buffered if self._lines else None

    def peek(self, limit_bytes: int) -> list[Line]:
        """The oldest changes, about so many bytes and at least one revision; they stay in the buffer."""
        with self._changed:
            taken, total = list[Line](), 0
            for line in self._lines:
                if taken and total + len(line.text) > limit_bytes:
                    break
                taken.append(line)
                total += len(line.text)
            return taken

    def drop(self, through: int) -> None:
        """Take out what was written, up to a revision."""
        with self._changed:
            while self._lines and self._lines[0].revision <= through:
                self._bytes -= len(self._lines.popleft().text)
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or when something has come."""
        with self._changed:
            self._changed.wait(seconds)

    def _run(self) -> None:
        while not self._stopped:
            try:
                self._read()
            except (CompactedError, HoleError) as error:
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()
                return
            except BackupError as error:
                if not self._stopped:
                    self._on_trouble(str(error))
                    time.sleep(_PAUSE_SECONDS)

    def _read(self) -> None:
        responses = self._gateway().watch(start_revision=self._position + 1, idle_seconds=_IDLE_SECONDS)
        try:
            for revision in joined(responses, after=self._position, now=self._wall_time):
                if not self._add(revision):
                    return
        finally:
            # Closes the connection.
            getattr(responses, "close", lambda: None)()

    def _add(self, revision: Revision) -> bool:
        line = Line(
            revision=revision.number,
            text=revision.to_line(),
            events=len(revision.events),
            leases=frozenset(event.lease for event in revision.events if event.lease),
            buffered=time.monotonic(),
        )
        with self._changed:
            while self._bytes >= self._limit_bytes and not self._stopped:
                self._changed.wait()
            if self._stopped:
                return False
            self._lines.append(line)
            self._bytes += len(line.text)
            self._position = line.revision
            self._changed.notify_all()
        return True
