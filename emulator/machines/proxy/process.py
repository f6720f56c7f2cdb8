"""The proxy process, as seen by its owner."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from emulator.machines.proxy.routes import Route, encode

_log = logging.getLogger(__name__)

_REPOSITORY = Path(__file__).parents[3]
_EXIT_TIMEOUT_SECONDS = 5.0


class Proxy:
    """Starts the process and sends it its routes. Methods may be called from several threads."""

    def __init__(self) -> None:
        """Start nothing: the process starts with the first routes."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._applied = encode([])
        self._closed = False

    def apply(self, routes: Sequence[Route]) -> None:
        """Bring the process in line with these routes, if they differ from the last ones.

        Returns when new listeners listen. A process that has exited is started again. Routes that
        cannot be applied, such as one whose port is in use, are logged.
        """
        line = encode(routes)
        with self._lock:
            alive = self._process is not None and self._process.poll() is None
            if self._closed or (line == self._applied and (alive or not routes)):
                return
            if not alive:
                self._start()
            self._applied = line
            assert self._process is not None  # noqa: S101 - started above
            assert self._process.stdin is not None  # noqa: S101 - a pipe, see _start
            assert self._process.stdout is not None  # noqa: S101 - a pipe, see _start
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            errors = json.loads(self._process.stdout.readline() or '["the process exited"]')
        for error in errors:
            _log.error("proxy: %s", error)

    def close(self) -> None:
        """Stop the process and with it all connections; safe to repeat."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - a pipe, see _start
        process.stdin.close()
        try:
            process.wait(_EXIT_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emulator.machines.proxy"],
            cwd=_REPOSITORY,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
