"""The process: where it listens, how it ends, what it reports when it cannot start."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.tests.api.emulator import PATIENCE_SECONDS, Emulator, running_emulator, wait_until

WAITING = Path(__file__).parent / "cloudformation" / "templates" / "waiting.yaml"


def _command(port: int, state_dir: Path) -> list[str]:
    command = [sys.executable, "-m", "emulator", "--port", str(port), "--state-dir", str(state_dir)]
    return [*command, "--machines", "none"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _listening_addresses(pid: int) -> set[str]:
    """Local addresses of the process's listening TCP sockets, as the kernel's tables write them."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if match := re.match(r"socket:\[(\d+)\]", os.readlink(entry)):
            inodes.add(match.group(1))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.add(fields[1].partition(":")[0])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads the kernel's tables under /proc")
def test_only_loopback_is_bound(tmp_path: Path) -> None:
    """Every listening socket of the process is on 127.0.0.1."""
    port = _free_port()
    with subprocess.Popen(_command(port, tmp_path), stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _answers(port), what="the emulator's port")
            assert _listening_addresses(process.pid) == {"0100007F"}
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def test_sigterm_ends_it_gracefully(tmp_path: Path) -> None:
    """SIGTERM ends the process with exit code 0, and the port is free."""
    port = _free_port()
    with subprocess.Popen(_command(port, tmp_path), stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: _answers(port), what="the emulator's port")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert not _answers(port)


def test_sigterm_does_not_wait_for_signals(tmp_path: Path) -> None:
    """A stack that waits for an hour for its signals does not keep the process from ending."""
    port = _free_port()
    with subprocess.Popen(_command(port, tmp_path), stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: _answers(port), what="the emulator's port")
        stack = Emulator(f"http://127.0.0.1:{port}", tmp_path).stack()
        stack.begin_create(WAITING.read_text(encoding="utf-8"), Timeout="PT1H")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0


def test_it_ends_with_its_starter(tmp_path: Path) -> None:
    """With --until-eof the process ends when its starter is gone."""
    port = _free_port()
    command = [*_command(port, tmp_path), "--until-eof"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: _answers(port), what="the emulator's port")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0


def test_port_in_use_is_reported(tmp_path: Path) -> None:
    """A port that is taken ends the start with the port and the remedy."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            _command(port, tmp_path), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in done.stderr
    assert "--port" in done.stderr


def test_health_address(tmp_path: Path) -> None:
    """Once the health address answers, the services do, too."""
    with running_emulator(tmp_path) as emulator:
        zones = emulator.client("ec2").describe_availability_zones()["AvailabilityZones"]
    assert {zone["ZoneName"] for zone in zones} >= {"us-east-1a", "us-east-1b", "us-east-1c"}
