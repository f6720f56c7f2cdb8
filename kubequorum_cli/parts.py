"""Parts of a picture that are read side by side: one that cannot be read does not hide the others."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli.errors import CommandError, reason_of
from kubequorum_cli.kubernetes import ApiError

_ERRORS = (BotoCoreError, ClientError, CommandError, ApiError)
_UNEXPECTED = (LookupError, ValueError)
"""Of an answer that is not what it should be."""
_PARALLEL = 16

T = TypeVar("T")


class UnknownPartError(Exception):
    """Somebody needs a part that is not known."""


@dataclass(frozen=True, kw_only=True)
class Part(Generic[T]):
    """A part, or why it is not known."""

    value: T | None = None
    problem: str = ""
    """Why it could not be read. Empty if it is known, if there is none, or if another part's problem
    explains it."""

    @property
    def known(self) -> T:
        """The part.

        Raises:
            UnknownPartError: it is not known.
        """
        if self.value is None:
            raise UnknownPartError
        return self.value


ABSENT: Part[Any] = Part()
"""A part that this cluster does not have."""


def known(value: T) -> Part[T]:
    """A part that was read."""
    return Part(value=value)


class Reading:
    """Reads parts, as far as they do not need each other at the same time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_PARALLEL)

    def __call__(self, ask: Callable[..., T], *needs: "Future[Part[Any]]") -> "Future[Part[T]]":
        """Read a part: `ask` gets the parts that it needs. If one of them is unknown, so is this one.

        What fails in AWS, Kubernetes or the operator's program is the part's problem, and so is an answer
        that is not understood.
        """
        return self._pool.submit(_read, ask, needs)

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def _read(ask: Callable[..., T], needs: "tuple[Future[Part[Any]], ...]") -> Part[T]:
    # Those were submitted earlier, so they run or have ended: no two wait for each other.
    parts = [need.result() for need in needs]
    if any(part.value is None for part in parts):
        return Part()
    try:
        return Part(value=ask(*(part.value for part in parts)))
    except _ERRORS as error:
        return Part(problem=reason_of(error))
    except _UNEXPECTED as error:
        return Part(problem=f"not what was expected: {error!r}")
