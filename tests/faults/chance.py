"""A row of faults by chance; a seed brings the same row again."""

from collections.abc import Iterator
from random import Random

import tests.faults.catalog  # noqa: F401 - enters the faults
from tests.faults.registry import FAULTS, Fault


def row_of_faults(seed: int) -> Iterator[tuple[Fault, Random]]:
    """The faults of a seed, without end; each with what decides the rest of it."""
    chance = Random(seed)
    choice = [fault for fault in FAULTS.values() if fault.in_soak]
    while True:
        fault = chance.choice(choice)
        yield fault, Random(chance.getrandbits(64))
