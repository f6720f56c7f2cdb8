"""The Unix socket in an emulator's state folder: one JSON object a line, a request and its answer.

A request is {"do": name, "with": {…}}; its answer {"result": …} or
{"error": text, "kind": word}. Only the owner of the folder may connect (mode
0600). Machines with a root of their own do not see the folder.
"""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emulator.faults.errors import EmulatorNotRunningError, of_kind

_NAME = "faults.sock"
_LONGEST_PATH = 100
"""Of a socket: the kernel's field has 108 bytes, on macOS 104."""


def socket_file(state_dir: Path) -> Path:
    """The socket of a state folder."""
    return state_dir.absolute() / _NAME


def listen(state_dir: Path) -> socket.socket:
    """Listen there, in place of what an earlier emulator left."""
    made = socket.socket(socket.AF_UNIX)
    path = socket_file(state_dir)
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        with _short(path) as address:
            made.bind(address)
    finally:
        os.umask(mask)
    made.listen(64)
    return made


def ask(state_dir: Path, name: str, parameters: dict[str, Any], *, timeout_seconds: float) -> Any:
    """Send one request and return its result.

    Raises:
        EmulatorNotRunningError: no emulator listens, or it ended before it answered.
        FaultError: the request was refused; a subclass says why.
        TimeoutError: there was no answer in time.
    """
    path = socket_file(state_dir)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_seconds)
        try:
            with _short(path) as address:
                connection.connect(address)
        except OSError as error:
            raise EmulatorNotRunningError(
                f"no emulator listens at {path} ({error.strerror}); is it running, with that state folder?"
            ) from error
        connection.sendall(encode({"do": name, "with": parameters}))
        with connection.makefile("rb") as answers:
            line = answers.readline()
    if not line:
        raise EmulatorNotRunningError(f"the emulator of {state_dir} ended before it answered `{name}`")
    answer = json.loads(line)
    if "error" in answer:
        raise of_kind(answer.get("kind", ""), answer["error"])
    return answer["result"]


def encode(message: dict[str, Any]) -> bytes:
    """A message as a line."""
    return json.dumps(message).encode() + b"\n"


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket's file that fits into the kernel's field, however long its folder's path is."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Linux only: elsewhere the folder must have a short path.
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
