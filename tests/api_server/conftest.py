"""One API server for each module of tests."""

from collections.abc import Iterator

import pytest

from tests.api_server.servers import ApiServer, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server with the files and flags of masters; nothing is in it but its own objects."""
    with running(tmp_path_factory.mktemp("api-server")) as found:
        yield found
