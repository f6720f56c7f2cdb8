"""The list of faults: what `make faults`, `make test` and `make soak` take of it, and how it is shown."""

from itertools import islice

from tests.faults.random_sequence import random_trials
from tests.faults.registry import TRIALS
from tests.faults.table import count, render


def test_a_seed_gives_the_same_sequence_again() -> None:
    """Names, and the random choices within each; another seed gives another sequence."""

    def row(seed: int) -> list[tuple[str, float]]:
        return [(trial.name, chance.random()) for trial, chance in islice(random_trials(seed), 20)]

    assert row(7) == row(7)
    assert row(7) != row(8)


def test_ci_and_soak_have_a_part_of_all_faults() -> None:
    """Neither is empty, and every trial has an expectation for the table."""
    assert 5 <= len([trial for trial in TRIALS.values() if trial.in_ci]) < len(TRIALS)
    assert len([trial for trial in TRIALS.values() if trial.in_soak]) >= 5
    assert all(trial.expected for trial in TRIALS.values())


def test_a_fault_at_many_points_counts_once() -> None:
    """As `crash_after`, which has a trial for each step of a boot."""
    rows = [{"fault": name} for name in ("crash_after[one]", "crash_after[two]", "power_loss")]
    assert count(rows) == "2 faults in 3 trials"
    assert len([trial for trial in TRIALS.values() if trial.fault == "crash_after"]) > 10


def test_the_table_has_a_row_for_each_fault() -> None:
    """Numbers under their heads, and long texts wrapped."""
    row = {
        "fault": "power_loss", "expected": "a successor " * 9, "seen": "recovered after 40 s",
        "gap_seconds": 4.31, "acknowledged": 900, "writes_lost": 0, "passed": True,
    }  # fmt: skip
    head, first, *more = render([row, {**row, "fault": "x", "passed": False}], columns=100)
    assert head.split() == ["fault", "gap", "s", "acknowledged", "lost", "seen", "(expected)"]
    assert first.split()[:7] == ["power_loss", "4.31", "900", "0", "ok", "recovered", "after"]
    assert any("FAILED" in line for line in more)
    assert max(map(len, more)) <= 100
