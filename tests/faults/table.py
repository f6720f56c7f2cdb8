"""A pytest plugin: the table of faults that were tried, on the terminal and in build/faults.json."""

import json
import shutil
import textwrap
from typing import Any

import pytest

from emulator.processes import replace_file
from tests.synthesis import REPOSITORY

RESULTS = REPOSITORY / "build" / "faults.json"
PROPERTY = "fault"
"""The name of the property in which a test's report carries its row."""
_NUMBERS = ("gap_seconds", "acknowledged", "writes_lost")


class Table:
    """Collects rows from the reports of tests; the file is rewritten after each."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the row of a test that has one."""
        rows = [dict(value) for name, value in report.user_properties if name == PROPERTY]  # type: ignore[call-overload]
        if report.when == "teardown" and rows:
            self._rows += rows
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            replace_file(RESULTS, json.dumps(self._rows, indent=2) + "\n")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the table, if any fault was tried."""
        if not self._rows:
            return
        terminalreporter.section(f"{count(self._rows)} ({RESULTS.relative_to(REPOSITORY)})")
        for line in render(self._rows, columns=shutil.get_terminal_size((160, 50)).columns):
            terminalreporter.write_line(line)


def count(rows: list[dict[str, Any]]) -> str:
    """How many faults were tried: one that was tried at several points is one fault."""
    faults = {str(row["fault"]).partition("[")[0] for row in rows}
    return f"{len(faults)} faults in {len(rows)} trials"


def render(rows: list[dict[str, Any]], *, columns: int) -> list[str]:
    """The table as lines of at most so many columns, unless names and numbers need more."""
    head = ["fault", "gap s", "acknowledged", "lost", ""]
    cells = [
        [str(row["fault"]), *(str(row[name]) for name in _NUMBERS), "ok" if row["passed"] else "FAILED"]
        for row in rows
    ]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(head))]

    def line(values: list[str]) -> str:
        first, *others = [
            value.ljust(width) if i in (0, len(head) - 1) else value.rjust(width)
            for i, (value, width) in enumerate(zip(values, widths, strict=True))
        ]
        return "  ".join([first, *others])

    room = max(columns - sum(widths) - 2 * len(widths), 40)
    lines = [line(head) + "  seen (expected)"]
    for row, values in zip(rows, cells, strict=True):
        texts = textwrap.wrap(f"{row['seen']} ({row['expected']})", room) or [""]
        lines.append(f"{line(values)}  {texts[0]}")
        lines += [" " * (sum(widths) + 2 * len(widths)) + more for more in texts[1:]]
    return lines
