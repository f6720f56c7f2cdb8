"""A random sequence of faults; the same seed gives the same sequence."""

from collections.abc import Iterator
from random import Random

import tests.faults.catalog  # noqa: F401 - registers the faults
from tests.faults.registry import TRIALS, Trial


def random_trials(seed: int) -> Iterator[tuple[Trial, Random]]:
    """The trials of a seed, without end; each with the source of its own random choices."""
    chance = Random(seed)
    choice = [trial for trial in TRIALS.values() if trial.in_soak]
    while True:
        trial = chance.choice(choice)
        yield trial, Random(chance.getrandbits(64))
