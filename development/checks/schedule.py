"""A pytest plugin: which tests stay together in one of the parallel processes, in order."""

from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from development.checks import suites

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler.protocol import Scheduling


class Schedule:
    """Keeps tests together that share what they start: those of a file, and of some folders.

    All tests that boot real machines stay together, too. There is never more than one cluster of machines at
    a time: it takes all processors while it boots.
    """

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: "Producer") -> "Scheduling":
        """Replace the scheduler of `--dist loadfile`."""
        # Here, and not above: pytest must import its plugins itself.
        from xdist.scheduler import LoadFileScheduling

        class Together(LoadFileScheduling):  # type: ignore[misc]  # It has no types.
            def _split_scope(self, nodeid: str) -> str:
                file = str(super()._split_scope(nodeid))
                if suites.needs_machines(file):
                    return "machines"
                folder = str(PurePath(file).parent)
                return folder if folder in suites.FOLDERS_WITH_ONE_DEPLOYMENT else file

        return Together(config, log)
