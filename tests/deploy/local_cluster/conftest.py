"""The deployment that these tests share."""

from collections.abc import Iterator

import pytest

from tests.deploy.deployment import Deployment, deployed


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml, deployed from nothing; the tests of this folder only read it."""
    with deployed(tmp_path_factory.mktemp("deploy")) as deployment:
        yield deployment
