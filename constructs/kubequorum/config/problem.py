"""What is wrong with a value of a cluster file, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake: the key as a dotted path, the value found there, what is wrong, and the remedy."""

    key: str
    value: object
    wrong: str
    remedy: str

    def __str__(self) -> str:
        """One line for a person."""
        shown = "" if self.value is None else f" = {self.value}"
        return f"{self.key}{shown}: {self.wrong}. Remedy: {self.remedy}."
