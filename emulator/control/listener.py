"""Answers on the channel: a thread for each connection, because a request may take its time."""

import contextlib
import inspect
import json
import logging
import socket
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.control.operations import Operation
from emulator.faults import FAULTS, FaultError, TimedOutError, UnknownTargetError, channel
from emulator.interfaces.faults import FaultHandler

log = logging.getLogger(__name__)


class Listener:
    """Listens from construction until `close`."""

    def __init__(
        self, state_dir: Path, *, faults: Mapping[str, FaultHandler], operations: Mapping[str, Operation]
    ) -> None:
        """Listen in a state folder; OSError if that is not possible."""
        self._file = channel.socket_file(state_dir)
        self._faults = faults
        self._operations = operations
        self._socket = channel.listen(state_dir)
        threading.Thread(target=self._accept, name="faults", daemon=True).start()

    def close(self) -> None:
        """Stop listening; safe to repeat."""
        self._file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="faults", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as requests:
            for line in requests:
                answer = channel.encode(self._answer(line))
                try:
                    connection.sendall(answer)
                except OSError:
                    return

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            return {"result": self._do(request["do"], request["with"])}
        except subprocess.TimeoutExpired as error:
            return _refusal(f"not done within {error.timeout:.0f} s: {error.cmd}", TimedOutError.kind)
        except LookupError as error:
            return _refusal(str(error.args[0] if error.args else error), UnknownTargetError.kind)
        except Exception as error:
            log.warning("refused: %s", error)
            return _refusal(f"{error}", FaultError.kind)

    def _do(self, name: str, parameters: Mapping[str, Any]) -> Any:
        if (fault := FAULTS.get(name)) is not None:
            complete = fault.complete(parameters)
            log.info("fault %s %s", name, complete)
            return self._faults[name](**complete)
        if (operation := self._operations.get(name)) is not None:
            inspect.signature(operation).bind(**parameters)
            return operation(**parameters)
        known = ", ".join(sorted([*FAULTS, *self._operations]))
        raise FaultError(f"there is no fault or operation `{name}`; there are {known}")


def _refusal(message: str, kind: str) -> dict[str, Any]:
    return {"error": message, "kind": kind}
