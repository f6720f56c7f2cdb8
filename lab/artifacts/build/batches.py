"""Groups sets of programs that share Go's caches, so that these do not grow too large."""

from collections.abc import Sequence

from lab.artifacts.program_set import ProgramSet
from lab.artifacts.space import MAX_GO_CACHES_GIB


def batches(program_sets: Sequence[ProgramSet]) -> list[list[ProgramSet]]:
    """Sets that share Go's caches, in order: as many as fit in them."""
    found: list[list[ProgramSet]] = []
    for program_set in program_sets:
        if not found or _gib(found[-1]) + program_set.build_gib > MAX_GO_CACHES_GIB:
            found.append([])
        found[-1].append(program_set)
    return found


def needed_gib(program_sets: Sequence[ProgramSet]) -> float:
    """How much disk their build needs for the time."""
    return max((_gib(batch) for batch in batches(program_sets)), default=0.0)


def _gib(batch: Sequence[ProgramSet]) -> float:
    return sum(program_set.build_gib for program_set in batch)
