"""Machines for tests, on the real thing: skipped, with the reason, where they cannot run."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.faults import FaultClient
from emulator.interfaces.machines import Instance
from emulator.machines.nspawn import (
    API_URL,
    MachineImage,
    MachineImages,
    NspawnMachines,
    remove_leftovers,
    unavailable_reason,
)
from emulator.tests.machines.nspawn.emulated import Aws, running
from emulator.tests.machines.nspawn.host import traces
from emulator.tests.machines.nspawn.stand_ins import NetworkFacts
from emulator.tests.machines.stand_ins import Facts


@pytest.fixture(scope="session")
def image() -> MachineImage:
    """A plain Debian root that knows where the API is; skips where machines cannot run."""
    if (reason := unavailable_reason()) is not None:
        pytest.skip(reason)
    if not (root := os.environ.get("EMULATOR_MACHINE_ROOT")):
        pytest.skip(
            "machines need something to boot: set EMULATOR_MACHINE_ROOT to a folder with a Debian 13 root"
        )
    return MachineImage(root=Path(root), texts={"/etc/default/aws": f"AWS_ENDPOINT_URL={API_URL}\n"})


class Bench:
    """Machines in a folder of their own, and short ways to look at them."""

    def __init__(self, state_dir: Path, image: MachineImage) -> None:
        self.state_dir = state_dir
        self.network = NetworkFacts()
        self.off: list[str] = []
        self.checks: list[bool] = []
        self.machines = NspawnMachines(
            state_dir=state_dir,
            api_url="http://127.0.0.1:9",
            facts=Facts(),
            network_facts=self.network,
            images=MachineImages(default=image),
            powered_off=self.off.append,
            status_check=lambda _instance_id, passed: self.checks.append(passed),
        )

    def launch(self, instance: Instance) -> str:
        """Launch, wait until cloud-init has run everything, and return the instance's id."""
        self.machines.launch(instance)
        self.booted(instance.instance_id)
        return instance.instance_id

    def booted(self, instance_id: str) -> None:
        """Wait until the machine has booted."""
        self.until(
            lambda: self.sh(instance_id, "systemctl is-system-running --wait") == "running",
            lambda: f"{self.sh(instance_id, 'systemctl --failed')}\n{self.console(instance_id)}",
        )

    def sh(self, instance_id: str, script: str) -> str:
        """Run a shell script on the machine; its output, without the last line's end."""
        done = self.machines.run(instance_id, ["/bin/bash", "-c", script])
        return (done.stdout + done.stderr).decode().rstrip("\n")

    def console(self, instance_id: str) -> str:
        """The console output."""
        return self.machines.console_output(instance_id).decode(errors="replace")

    def until(self, holds: Callable[[], bool], what: str | Callable[[], str], *, seconds: float = 60) -> None:
        """Return when something holds; AssertionError that says what does not."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, what if isinstance(what, str) else what()
            time.sleep(0.05)


@pytest.fixture
def bench(image: MachineImage, tmp_path: Path) -> Iterator[Bench]:
    """Machines that are gone, with all that they had, when the test is over."""
    state_dir = tmp_path / "state"
    made = Bench(state_dir, image)
    try:
        yield made
    finally:
        made.machines.close()
        left = traces(state_dir)
        remove_leftovers(state_dir)
    assert left == {}


@pytest.fixture(scope="module")
def aws(image: MachineImage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An emulator that leaves nothing after a graceful shutdown."""
    with running(tmp_path_factory.mktemp("aws"), image) as made:
        yield made
    assert traces(made.state_dir) == {}


@pytest.fixture
def faults(aws: Aws) -> Iterator[FaultClient]:
    """A client of the faults, which are cleared after the test."""
    yield aws.faults
    aws.faults.clear_all()
