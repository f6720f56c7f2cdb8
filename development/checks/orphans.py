"""What the tests start ends with them, however they end: SIGKILL, too.

Fixtures remove what they have made, if they are given the time. For when they are not, each process of a run
has a second one beside it, which waits for its end and then ends whatever still has the variable
KUBEQUORUM_OWNER with its value. Children inherit it, so no test has to think of it. An embedded AWS removes
its machines itself: it gets `--owner` instead of the variable.
"""

import functools
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from emulator.owner import Owner, OwnerError
from emulator.processes import ProcessRecord, with_variable
from lab.settings import CHECKOUT, OWNER_VARIABLE

_GRACE_SECONDS = 60.0
"""From SIGTERM to SIGKILL. Processes of xdist tear down in this time."""
_LAST_SECONDS = 10.0
_SETTLE_SECONDS = 1.0
"""For children that end by themselves with their parent, e.g. when their standard input is closed."""
_POLL_SECONDS = 0.1


_beside: list[object] = []
"""The second process, kept so that nobody warns of a process without an owner."""


@functools.cache
def adopt() -> str:
    """Make this process the owner of what it starts from now on; the value of the variable."""
    owner = str(ProcessRecord.of(os.getpid()))
    variables = {name: value for name, value in os.environ.items() if name != OWNER_VARIABLE}
    os.environ[OWNER_VARIABLE] = owner
    if sys.platform == "linux":
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, owner],
            cwd=CHECKOUT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # A signal to the group of the tests is not for it.
            start_new_session=True,
        )
        _beside.append(process)
    return owner


def end(owner: str, *, grace_seconds: float = _GRACE_SECONDS) -> list[str]:
    """End what this owner has left: SIGTERM, SIGKILL after the grace; their ids and names."""
    found: dict[int, str] = {}
    began = time.monotonic()
    while left := list(with_variable(OWNER_VARIABLE, owner.encode())):
        past = time.monotonic() - began
        if past > grace_seconds + _LAST_SECONDS:
            break
        for pid in left:
            with suppress(ProcessLookupError, FileNotFoundError):
                if pid not in found:
                    found[pid] = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
                    os.kill(pid, signal.SIGTERM)
                elif past > grace_seconds:
                    os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    return [f"{pid} ({name})" for pid, name in found.items()]


def main(owner: str) -> None:
    """Wait for the owner's end, and end what it has left."""
    with suppress(OwnerError):  # It has ended already.
        Owner.of(owner).wait()
    time.sleep(_SETTLE_SECONDS)
    if ended := end(owner):
        print(f"ended what tests had left running: {', '.join(ended)}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
