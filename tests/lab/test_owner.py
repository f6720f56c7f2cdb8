"""An embedded AWS outlives the command that starts it, but not the owner that the environment names."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.processes import ProcessRecord
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from lab import cluster_file, embedded_aws
from lab.settings import CHECKOUT, OWNER_VARIABLE, Settings

START = """\
import sys
from pathlib import Path
from kubequorum_cli.console import Progress
from lab import cluster_file, embedded_aws
from lab.settings import Settings

settings = Settings(work=Path(sys.argv[1]), machines="none")
with Progress().stage("Start") as stage:
    embedded_aws.start(settings, cluster_file.read(settings.default_cluster), stage)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Of an embedded AWS, stopped at the end."""
    made = Settings(work=tmp_path / "work")
    yield made
    embedded_aws.stop(made)


@pytest.fixture
def owner() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does nothing."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def started(settings: Settings, owner: str | None) -> "subprocess.CompletedProcess[str]":
    """Start one from a process that ends then, with this owner in its environment."""
    environment = {name: value for name, value in os.environ.items() if name != OWNER_VARIABLE}
    if owner is not None:
        environment[OWNER_VARIABLE] = owner
    return subprocess.run(
        [sys.executable, "-c", START, str(settings.work)],
        cwd=CHECKOUT,
        env={**environment, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


def running(settings: Settings) -> ProcessRecord:
    """Its record; it runs."""
    record = ProcessRecord.read(settings.emulator_process)
    assert record is not None
    assert record.is_running()
    return record


def test_it_ends_with_the_owner_of_the_environment(
    settings: Settings, owner: "subprocess.Popen[bytes]"
) -> None:
    """It outlives the command that has started it, and ends when the owner is killed."""
    done = started(settings, str(ProcessRecord.of(owner.pid)))
    assert done.returncode == 0, done.stderr
    record = running(settings)
    if sys.platform == "linux":
        variables = Path(f"/proc/{record.pid}/environ").read_bytes().split(b"\0")
        assert not [one for one in variables if one.startswith(OWNER_VARIABLE.encode())]
    owner.kill()
    owner.wait()
    deadline = time.monotonic() + 30
    while record.is_running():
        assert time.monotonic() < deadline, "it outlives its owner"
        time.sleep(0.05)


def test_without_an_owner_it_goes_on(settings: Settings) -> None:
    """As after `make up`."""
    done = started(settings, None)
    assert done.returncode == 0, done.stderr
    running(settings)
    process = embedded_aws.find(settings)
    assert process is not None
    if sys.platform == "linux":
        assert b"--owner" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()


def test_an_owner_that_has_ended_is_explained(settings: Settings, owner: "subprocess.Popen[bytes]") -> None:
    """The end of its log says which process has ended, and the remedy."""
    gone = str(ProcessRecord.of(owner.pid))
    owner.kill()
    owner.wait()
    wanted = cluster_file.read(settings.default_cluster)
    with Progress().stage("Start") as stage, pytest.raises(CommandError) as caught:
        embedded_aws.start(replace(settings, machines="none", owner=gone), wanted, stage)
    assert f"process {owner.pid} has ended already" in caught.value.why


def test_tests_own_what_they_start() -> None:
    """The process that runs this test is the owner, whoever makes the settings."""
    assert Settings().owner == str(ProcessRecord.of(os.getpid())) == os.environ[OWNER_VARIABLE]
