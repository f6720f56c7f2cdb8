"""Nodes for the tests of the node program."""

from pathlib import Path

import pytest

from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    """A master in slot a."""
    return FakeNode(tmp_path)


@pytest.fixture
def worker(tmp_path: Path) -> FakeNode:
    """A worker of the group batch."""
    return FakeNode(tmp_path, config=examples.WORKER_CONFIG, document=examples.WORKER_DOCUMENT)
