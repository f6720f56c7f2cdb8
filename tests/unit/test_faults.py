"""The faults as a list: what make faults, make test and make soak take of it, and how it is shown."""

from itertools import islice

from tests.faults.chance import row_of_faults
from tests.faults.registry import FAULTS
from tests.faults.table import render


def test_a_seed_brings_the_same_row_again() -> None:
    """Names, and what is decided by chance within each; another seed, another row."""

    def row(seed: int) -> list[tuple[str, float]]:
        return [(fault.name, chance.random()) for fault, chance in islice(row_of_faults(seed), 20)]

    assert row(7) == row(7)
    assert row(7) != row(8)


def test_ci_and_soak_have_a_part_of_all_faults() -> None:
    """Neither is empty, and no fault that wants a person's hand is among those by chance."""
    assert 5 <= len([fault for fault in FAULTS.values() if fault.in_ci]) < len(FAULTS)
    assert len([fault for fault in FAULTS.values() if fault.in_soak]) >= 5
    assert all(fault.expected for fault in FAULTS.values())


def test_the_table_has_a_row_for_each_fault() -> None:
    """Numbers under their heads, and long texts broken."""
    row = {
        "fault": "power_loss", "expected": "a successor " * 9, "seen": "well after 40 s",
        "gap_seconds": 4.31, "acknowledged": 900, "writes_lost": 0, "passed": True,
    }  # fmt: skip
    head, first, *more = render([row, {**row, "fault": "x", "passed": False}], columns=100)
    assert head.split() == ["fault", "gap", "s", "acknowledged", "lost", "seen", "(expected)"]
    assert first.split()[:7] == ["power_loss", "4.31", "900", "0", "ok", "well", "after"]
    assert any("FAILED" in line for line in more)
    assert max(map(len, more)) <= 100
