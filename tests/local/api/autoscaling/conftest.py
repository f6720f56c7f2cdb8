"""The emulator as a process, and boto3 clients of it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import boto3
import pytest

from local.api import credentials
from tests.local.api.recording import until

TIME_SCALE = 0.05
"""A heartbeat time-out of 30 seconds, the shortest that AWS allows, takes 1.5."""


@dataclass
class Aws:
    """Clients, and names that no other test has."""

    url: str
    account: str

    def client(self, service: str) -> Any:
        """A boto3 client of the administrator."""
        environment = credentials.administrator_environment(api_url=self.url, region="us-east-1")
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running emulator without machines; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("emulator")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "local.api"),
                *("--port", str(port), "--state-dir", str(folder / "state")),
                *("--machines", "none", "--time-scale", str(TIME_SCALE)),
            ],
            cwd=Path(__file__).parents[4],
            env={**os.environ, "PYTHONPATH": "."},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _answers(url), seconds=60)
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def aws(emulator: str) -> Aws:
    """The emulator's clients."""
    return Aws(url=emulator, account="000000000000")


@pytest.fixture
def name() -> str:
    """A name of its own for what a test creates."""
    return f"t{uuid4().hex[:10]}"


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/_ministack/health", timeout=2) as response:  # noqa: S310 - our own loopback URL
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
