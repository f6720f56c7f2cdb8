"""One line a step, with its duration, on the console: the first place that people look."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(message: str) -> None:
    """Write one line at once."""
    # In one call, for steps run at the same time: their lines must not mix.
    sys.stderr.write(f"kubequorum: {message}\n")
    sys.stderr.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say how a step ended and how long it took; a failure is said and goes on up."""
    begin = time.monotonic()
    try:
        yield
    except BaseException as error:
        say(f"{name}: FAILED after {time.monotonic() - begin:.1f} s: {error}")
        raise
    say(f"{name}: done in {time.monotonic() - begin:.1f} s")
