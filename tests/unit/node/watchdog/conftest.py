"""A master under a watchdog."""

import pytest

from tests.unit.node.fakes import FakeNode
from tests.unit.node.watchdog.watching import WatchedMaster


@pytest.fixture
def watched(node: FakeNode) -> WatchedMaster:
    """A watchdog that has seen its master well."""
    watched = WatchedMaster(node)
    watched.watch(60)
    return watched
