"""A bucket in memory: written once, listed in order, and failing or slow as a test wants."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kubequorum_node.aws.state_store import Entry
from kubequorum_node.backup.errors import ObjectExistsError


class BucketFailedError(Exception):
    """S3 refuses, or cannot be reached."""


class MemoryBucket:
    """The objects, by their keys."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.objects: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}
        self.failing = False
        """Every request fails."""
        self.loses_answers = 0
        """So many writes succeed, and their answers are lost; the repeated request fails as S3's would."""
        self.delay_seconds = 0.0
        self.before_create: Callable[[str], None] = lambda _: None
        self._now = now
        self._lock = threading.Lock()

    def create(self, key: str, body: bytes) -> None:
        """See Bucket."""
        self._pass()
        self.before_create(key)
        with self._lock:
            if key in self.objects:
                raise ObjectExistsError(f"{key} is there")
            self.objects[key], self.written[key] = body, self._now()
            if self.loses_answers:
                self.loses_answers -= 1
                raise ObjectExistsError(f"{key} is there")

    def create_from_file(self, key: str, path: Path) -> None:
        """See Bucket."""
        self.create(key, path.read_bytes())

    def read(self, key: str) -> bytes | None:
        """See Bucket."""
        self._pass()
        return self.objects.get(key)

    def read_to_file(self, key: str, path: Path) -> bool:
        """See Bucket."""
        body = self.read(key)
        if body is not None:
            path.write_bytes(body)
        return body is not None

    def entries(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """See Bucket."""
        self._pass()
        with self._lock:
            keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
            yield from [
                Entry(key=key, size_bytes=len(self.objects[key]), written=self.written[key]) for key in keys
            ]

    def delete(self, keys: Sequence[str]) -> None:
        """See Bucket."""
        self._pass()
        with self._lock:
            for key in keys:
                self.objects.pop(key, None)
                self.written.pop(key, None)

    def keys(self, kind: str) -> list[str]:
        """Keys of one kind: full, log or hole."""
        return sorted(key for key in self.objects if f"/{kind}-" in key)

    def damage(self, key: str) -> None:
        """Change a byte in the middle of an object."""
        body = bytearray(self.objects[key])
        body[len(body) // 2] ^= 0xFF
        self.objects[key] = bytes(body)

    def _pass(self) -> None:
        time.sleep(self.delay_seconds)
        if self.failing:
            raise BucketFailedError("S3 does not answer")
