"""What concerns all tests."""

import pytest

from development.checks import suites


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--machines`: also run what starts real machines; `--no-machines` says why not.

    The others are for `tests/faults`.
    """
    parser.addoption("--machines", action="store_true", help="run the tests that start real machines, too")
    parser.addoption("--no-machines", metavar="REASON", help="why real machines cannot run here")
    parser.addoption("--all-faults", action="store_true", help="try every fault, not only those of CI")
    parser.addoption("--soak-seconds", type=int, default=200, help="how long the soak breaks things")
    parser.addoption("--soak-seed", type=int, default=None, help="of the soak's faults; else by chance")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what starts real machines unless it is asked for: a cluster of them takes all processors."""
    if config.getoption("--machines"):
        return
    reason = config.getoption("--no-machines")
    why = f"no machines here: {reason}" if reason else "starts real machines: make test-machines"
    for item in items:
        if suites.needs_machines(item.path.relative_to(config.rootpath).as_posix()):
            item.add_marker(pytest.mark.skip(reason=why))
