"""Attachments and detachments that take longer than usual, when a fault says so."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from emulator.api.worker import Worker
from emulator.faults.store import ActiveFaults, Entry

log = logging.getLogger(__name__)

SLOW_ATTACH = "attach"
HELD_DETACH = "detach"
"""Kinds of active faults, about a volume_id (None: any) and seconds; a held detach also has `force_helps`."""


class Delays:
    """Asked before a volume is attached, and after a machine has released one. From any thread."""

    def __init__(self, *, worker: Worker, active_faults: ActiveFaults) -> None:
        self._worker = worker
        self._active_faults = active_faults
        self._lock = threading.Lock()
        self._held: dict[str, tuple[float, bool]] = {}
        """By volume: until when on the monotonic clock, and whether force helps."""

    def before_attach(self, volume_id: str) -> None:
        """Wait as long as an active fault says."""
        if (entry := self._take(SLOW_ATTACH, volume_id)) is not None:
            self._worker.sleep(entry.about["seconds"])

    def of_detach(
        self,
        volume_id: str,
        then: Callable[[dict[str, Any]], None],
        attachment: dict[str, Any],
        *,
        force: bool,
    ) -> bool:
        """Whether the volume is held; then `then` is called with the attachment when that is over."""
        scale = self._worker.time_scale
        with self._lock:
            if (entry := self._take(HELD_DETACH, volume_id)) is not None:
                until = time.monotonic() + entry.about["seconds"] * scale
                self._held[volume_id] = (until, entry.about["force_helps"])
            until, force_helps = self._held.get(volume_id, (0.0, True))
            left = until - time.monotonic()
            if left <= 0 or (force and force_helps):
                self._held.pop(volume_id, None)
                return False
        log.info("%s stays detaching for %.1f s, on purpose", volume_id, left)
        self._worker.later(left / scale, then, attachment)
        return True

    def _take(self, kind: str, volume_id: str) -> Entry | None:
        return self._active_faults.take(kind, lambda entry: entry.about["volume_id"] in (None, volume_id))
