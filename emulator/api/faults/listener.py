"""Answers on the channel: a thread for each connection, for what is asked may take its time."""

import contextlib
import inspect
import json
import logging
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emulator.faults import channel
from emulator.faults.errors import BreakError, TimedOutError, UnknownTargetError

log = logging.getLogger(__name__)

Command = Callable[..., Any]
"""Takes keywords and returns what JSON knows. LookupError means an unknown target; other errors are shown."""


_CHANGING_NOTHING = ("run", "machines", "networks", "switches")
"""Asked for again and again, and not worth a line each time."""


class Listener:
    """Listens from construction until `close`."""

    def __init__(self, state_dir: Path, commands: Mapping[str, Command]) -> None:
        """Listen in a state folder; OSError if that is not possible."""
        self._file = channel.socket_file(state_dir)
        self._commands = commands
        self._socket = channel.listen(state_dir)
        threading.Thread(target=self._accept, name="breaks", daemon=True).start()

    def close(self) -> None:
        """Listen no more; safe to repeat."""
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
            threading.Thread(target=self._serve, args=(connection,), name="breaks", daemon=True).start()

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
            name, parameters = request["do"], request["with"]
            command = self._commands.get(name)
            if command is None:
                raise BreakError(f"there is no `{name}` here; there are {', '.join(sorted(self._commands))}")
            inspect.signature(command).bind(**parameters)
            level = logging.DEBUG if name in _CHANGING_NOTHING else logging.INFO
            log.log(level, "%s %s", name, {key: value for key, value in parameters.items() if key != "stdin"})
            return {"result": command(**parameters)}
        except subprocess.TimeoutExpired as error:
            return _refusal(f"not done within {error.timeout:.0f} s: {error.cmd}", TimedOutError.kind)
        except LookupError as error:
            return _refusal(str(error.args[0] if error.args else error), UnknownTargetError.kind)
        except Exception as error:
            log.warning("refused: %s", error)
            return _refusal(f"{error}", BreakError.kind)


def _refusal(message: str, kind: str) -> dict[str, Any]:
    return {"error": message, "kind": kind}
