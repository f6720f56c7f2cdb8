"""Names of the objects of backups: what is in them decides their names."""

import re
from dataclasses import dataclass

PREFIX = "backups/"
GENERATIONS = f"{PREFIX}generations/"
DRILLS = f"{PREFIX}drills/"
_DIGITS = 20
"""Of a 64-bit number: names sort as numbers do."""
_GENERATION_DIGITS = 6
_NAME = re.compile(rf"{PREFIX}(\d{{{_GENERATION_DIGITS}}})/(full|log|hole)-(\d{{{_DIGITS}}})")


@dataclass(frozen=True, order=True)
class Name:
    """The name of a full snapshot, of a log object, or of the note about a hole."""

    generation: int
    kind: str
    revision: int

    @property
    def key(self) -> str:
        """The object's key in the bucket."""
        return f"{prefix(self.generation)}{self.kind}-{self.revision:0{_DIGITS}}"


def prefix(generation: int) -> str:
    """Where a generation's chain is."""
    return f"{PREFIX}{generation:0{_GENERATION_DIGITS}}/"


def full(generation: int, revision: int) -> str:
    """Key of a full snapshot, after the newest revision in it."""
    return Name(generation, "full", revision).key


def log(generation: int, first: int) -> str:
    """Key of a log object, after the first revision in it."""
    return Name(generation, "log", first).key


def hole(generation: int, first: int) -> str:
    """Key of the note about a hole, after the first revision that is missing."""
    return Name(generation, "hole", first).key


def generation_key(generation: int) -> str:
    """Key of the object that says which cluster a generation belongs to."""
    return f"{GENERATIONS}{generation:0{_GENERATION_DIGITS}}"


def parse(key: str) -> Name | None:
    """What a key says; None if it is not of this kind."""
    found = _NAME.fullmatch(key)
    return None if found is None else Name(int(found.group(1)), found.group(2), int(found.group(3)))
