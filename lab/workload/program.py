"""The program that loads and judges, from the cache of artifacts."""

from functools import cache
from pathlib import Path

from lab.artifacts import Event, Settings, ensure, to_stderr


@cache
def historian() -> Path:
    """The program; built the first time, which takes half a minute on two cores.

    Raises:
        ArtifactError: it cannot be built; with the reason.
    """
    return ensure(["historian"], _show, settings=Settings.from_environment()).programs["historian"]


def _show(event: Event) -> None:
    to_stderr(event)
