"""Of all tests, those of emulator/ included: whether real machines are booted, and how a run ends."""

import os

import pytest

from development.checks import suites
from development.checks.ending import Ending
from development.checks.orphans import adopt


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--machines` runs the tests that boot real machines; `--no-machines` gives the reason why not.

    The others are for `tests/faults`.
    """
    parser.addoption("--machines", action="store_true", help="run the tests that boot real machines, too")
    parser.addoption("--no-machines", metavar="REASON", help="why real machines cannot run here")
    parser.addoption("--all-faults", action="store_true", help="inject every fault, not only those of CI")
    parser.addoption(
        "--soak-seconds", type=int, default=0, help="for how long the soak injects faults; 0: no soak"
    )
    parser.addoption("--soak-seed", type=int, default=None, help="of the soak's faults; else random")


def pytest_configure(config: pytest.Config) -> None:
    """In each process of a run: whatever ends it, what it has started ends with it."""
    adopt()
    config.pluginmanager.register(Ending(), "ending")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what boots real machines unless it is requested: a cluster of them takes all processors."""
    needing = [item for item in items if suites.needs_machines(_path(config, item))]
    if config.getoption("--machines"):
        if any(_path(config, item).startswith("emulator/") for item in needing):
            _give_machine_root()
        return
    reason = config.getoption("--no-machines")
    why = f"no machines here: {reason}" if reason else "boots real machines: make test-machines"
    for item in needing:
        item.add_marker(pytest.mark.skip(reason=why))


def _path(config: pytest.Config, item: pytest.Item) -> str:
    return item.path.relative_to(config.rootpath).as_posix()


def _give_machine_root() -> None:
    """Give the emulator's tests what their machines boot; made if it is not in the cache."""
    from lab.artifacts import ensure, to_stderr

    os.environ.setdefault("EMULATOR_MACHINE_ROOT", str(ensure(["root"], to_stderr).root))
