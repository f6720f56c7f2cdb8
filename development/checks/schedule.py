"""A pytest plugin: which tests stay together in one of the parallel processes, in order."""

from typing import TYPE_CHECKING

import pytest

from development.checks import suites

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler.protocol import Scheduling


class Schedule:
    """Keeps the tests of a file together, which share what they start, and all tests that boot real machines.

    There is never more than one cluster of machines at a time: it takes all processors while it boots.
    """

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: "Producer") -> "Scheduling":
        """Replace the scheduler of `--dist loadfile`."""
        # Here, and not above: pytest must import its plugins itself.
        from xdist.scheduler import LoadFileScheduling

        class Together(LoadFileScheduling):  # type: ignore[misc]  # It has no types.
            def _split_scope(self, nodeid: str) -> str:
                file = str(super()._split_scope(nodeid))
                return "machines" if suites.needs_machines(file) else file

        return Together(config, log)
