"""The search for a free port."""

import os
import socket
from collections.abc import Iterator

import pytest

from kubequorum_cli.errors import CommandError
from lab import ports


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_used_port_is_skipped_and_its_holder_named(taken: int) -> None:
    """The next one is found, and the message can name the process that listens."""
    assert not ports.is_free(taken)
    assert ports.next_free(taken) > taken
    assert f"process {os.getpid()}" in ports.holder(taken)


def test_no_free_port_is_an_error_that_names_the_holder(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the ports that were tried and the holder of the first."""
    monkeypatch.setattr(ports, "PORTS_TO_TRY", 1)
    with pytest.raises(CommandError) as raised:
        ports.next_free(taken)
    assert str(taken) in raised.value.what
    assert str(os.getpid()) in raised.value.why
