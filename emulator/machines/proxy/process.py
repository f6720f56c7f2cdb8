"""The proxy process, as its owner sees it."""

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
_END_SECONDS = 5.0


class Proxy:
    """Starts the process and tells it its routes. Methods may be called from several threads."""

    def __init__(self) -> None:
        """Nothing runs before the first routes."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._told = encode([])
        self._closed = False

    def tell(self, routes: Sequence[Route]) -> None:
        """Bring the process in line with these routes, if they are others than before.

        Returns when new listeners listen. A process that ended is started again. What was not possible
        (a port that is taken) is logged.
        """
        line = encode(routes)
        with self._lock:
            alive = self._process is not None and self._process.poll() is None
            if self._closed or (line == self._told and (alive or not routes)):
                return
            if not alive:
                self._start()
            self._told = line
            assert self._process is not None  # noqa: S101 - started above
            assert self._process.stdin is not None  # noqa: S101 - asked for
            assert self._process.stdout is not None  # noqa: S101 - asked for
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            problems = json.loads(self._process.stdout.readline() or '["the process ended"]')
        for problem in problems:
            _log.error("proxy: %s", problem)

    def close(self) -> None:
        """End the process with all its connections; safe to repeat."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - asked for
        process.stdin.close()
        try:
            process.wait(_END_SECONDS)
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
