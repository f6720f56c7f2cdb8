"""A pytest plugin: before pytest's closing line, what ran, what was skipped and why, by suite."""

from collections import Counter, defaultdict

import pytest

from development.checks import suites
from development.checks.static import Outcome
from development.checks.suites import Suite

_LONGEST_FILES, _LONG_SECONDS = 30, 30.0


class Summary:
    """Counts the outcomes of tests by suite."""

    def __init__(self, *, static: list[Outcome], asked: set[Suite]) -> None:
        self._static = static
        self._asked = asked
        self._outcomes: dict[Suite | None, Counter[str]] = {}
        self._seconds: defaultdict[Suite | None, float] = defaultdict(float)
        self._reasons: Counter[str] = Counter()
        self._files: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once: by its call, or by what prevented it."""
        file = report.nodeid.partition("::")[0]
        suite = suites.of(file, report.keywords)
        self._seconds[suite] += report.duration
        self._files[file] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self._outcomes.setdefault(suite, Counter())[report.outcome] += 1
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._reasons[reason.removeprefix("Skipped: ")] += 1

    def seconds_of_whole_suites(self) -> dict[str, float]:
        """Seconds of the suites that were asked for, without failures, and with most tests run."""
        return {
            str(suite): self._seconds[suite]
            for suite, counts in self._outcomes.items()
            if suite in self._asked and not counts["failed"] and counts["passed"] > counts["skipped"]
        }

    def longest_files(self) -> list[tuple[str, float]]:
        """The files whose tests took longest, and their seconds: where to look when a run takes too long."""
        long = [(file, seconds) for file, seconds in self._files.items() if seconds >= _LONG_SECONDS]
        return sorted(long, key=lambda each: -each[1])[:_LONGEST_FILES]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the table; its seconds are those of the tests, of which two may run at a time."""
        write = terminalreporter.write_line
        terminalreporter.section("summary")
        for check in self._static:
            write(f"{check.name:<12} {'passed' if check.passed else 'FAILED':<40} {check.seconds:7.1f} s")
        for suite in [s for s in Suite if s is not Suite.LINT]:
            counts = self._outcomes.get(suite)
            if counts is not None:
                text = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
            else:
                text = "has no tests" if suite in self._asked else "not asked for"
            write(f"{suite:<12} {text:<40} {self._seconds[suite]:7.1f} s")
        for file, seconds in self.longest_files():
            write(f"of these, {file:<43} {seconds:7.1f} s")
        for reason, number in self._reasons.items():
            write(f"skipped {number}: {reason}")
