"""Looks again and again, while something is done, whether something happens that never may."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

from kubequorum_cli.errors import CommandError


@contextmanager
def never(look: Callable[[], Iterable[str]], *, pause_seconds: float) -> Iterator[None]:
    """Look all the time while the block runs.

    Args:
        look: what is seen that may not be; a look that fails, as the cluster does not answer, is none.
        pause_seconds: between two looks.

    Raises:
        AssertionError: at the end, with all that was ever seen; or if no look succeeded.

    """
    over, seen, looks = Event(), set[str](), 0

    def watch() -> None:
        nonlocal looks
        while not over.wait(pause_seconds):
            with suppress(CommandError):
                seen.update(look())
                looks += 1

    with ThreadPoolExecutor(max_workers=1) as pool:
        watching = pool.submit(watch)
        try:
            yield
        finally:
            over.set()
        watching.result()
    assert looks, "no look succeeded"
    assert not seen, "; ".join(sorted(seen))
