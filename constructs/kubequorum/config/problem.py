"""A mistake in a cluster file, with its remedy."""

import reprlib
from dataclasses import dataclass

_LONGEST_VALUE = 200
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 3


@dataclass(frozen=True)
class Problem:
    """One mistake: the key as a dotted path, the value found there, what is wrong, and the remedy."""

    key: str
    value: object
    wrong: str
    remedy: str

    def __str__(self) -> str:
        """One line for a person."""
        shown = "" if self.value is None else f" = {_shorten(self.value)}"
        key = self.key if len(self.key) <= _LONGEST_VALUE else f"{self.key[:_LONGEST_VALUE]}…"
        return f"{key}{shown}: {self.wrong}. Remedy: {self.remedy}."


def _shorten(value: object) -> str:
    """A value in a few hundred characters at most; with YAML's aliases a small file can hold a huge one."""
    try:
        text = _SHORT.repr(value) if isinstance(value, dict | list | tuple | set) else str(value)
    except ValueError:
        # Python refuses to write integers of more than 4300 digits.
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
