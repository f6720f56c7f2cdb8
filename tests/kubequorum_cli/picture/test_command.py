"""`picture`: what it refuses before it asks anybody."""

import socket
from pathlib import Path

import pytest

from kubequorum_cli.commands import picture as command
from kubequorum_cli.errors import CommandError
from kubequorum_cli.picture import assets
from kubequorum_cli.target import Target
from tests.kubequorum_cli.test_kubernetes import NoSession


def _target(folder: Path) -> Target:
    return Target(
        cluster="local",
        session=NoSession(),  # type: ignore[arg-type]
        kubeconfig=folder / "kubeconfig",
    )


def test_a_port_that_is_used_is_named(tmp_path: Path) -> None:
    """With the option that takes another one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"port {port} of this computer cannot be used") as raised:
            command.picture(_target(tmp_path), port=port, open_page=False)
    assert "--port" in raised.value.remedy


def test_without_its_library_it_says_how_to_get_it(tmp_path: Path) -> None:
    """No traceback on a computer where npm has not run."""
    with pytest.raises(CommandError, match="cannot be shown") as raised:
        assets.load(tmp_path / "node_modules")
    assert "make install" in raised.value.remedy
    assert "preact" in raised.value.why
