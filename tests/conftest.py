"""What concerns all tests."""

from pathlib import Path

import pytest

NEED_MACHINES = ("tests/local/machines/nspawn", "tests/local/kubernetes")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--machines`: also run what starts real machines."""
    parser.addoption("--machines", action="store_true", help="run the tests that start real machines, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what starts real machines unless it is asked for: a cluster of them takes all processors."""
    if config.getoption("--machines"):
        return
    asked_for = pytest.mark.skip(reason="starts real machines: make test-machines")
    for item in items:
        path = item.path.relative_to(Path(str(config.rootpath))).as_posix()
        if path.startswith(NEED_MACHINES):
            item.add_marker(asked_for)
