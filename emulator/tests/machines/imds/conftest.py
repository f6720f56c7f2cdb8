"""A metadata service to read from."""

from collections.abc import Iterator

import pytest

from emulator.tests.machines.imds.client import Client, serving


@pytest.fixture(scope="module")
def imds() -> Iterator[Client]:
    """The service of an instance in a group, with a role, that requires IMDSv2."""
    with serving() as client:
        yield client
