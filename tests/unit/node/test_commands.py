"""The command line, and the table of services behind it."""

import subprocess
from pathlib import Path

import pytest

from kubequorum_node import commands, services
from kubequorum_node.boot import order
from kubequorum_node.errors import NodeError
from kubequorum_node.services import SERVICES
from kubequorum_node.supervision import unit_files
from kubequorum_node.supervision.systemd import Systemd
from kubequorum_node.supervision.unit import Phase
from kubequorum_node.termination import order as termination
from tests.synthesis import REPOSITORY
from tests.unit.node.fakes import FakeNode

OTHER_UNITS = {"kubelet.service", "containerd.service"}


def test_every_step_is_a_command() -> None:
    """Of each plan, of boots and of terminations."""
    steps = {step.name for plan in (order.MASTER, order.WORKER) for step in order.steps_of(plan)}
    parts = {part.step.name for plan in termination.PLANS for part in plan}
    assert steps | parts <= set(commands.COMMANDS)
    assert len(steps) > 20


def test_the_help_names_every_command_once() -> None:
    """With a line each, and a name that leads to no other step."""
    assert sum(len(group.steps) for group in commands.GROUPS) == len(commands.COMMANDS)
    lines = commands.describe().splitlines()
    for name, step in commands.COMMANDS.items():
        assert [line for line in lines if line.split()[:1] == [name] and step.help in line], name


def test_commands_for_masters_refuse_a_worker(worker: FakeNode) -> None:
    """The error says which host this is, and nothing is done."""
    refused = [step.name for step in commands.COMMANDS.values() if step.masters_only]
    for name in refused:
        with pytest.raises(NodeError, match=rf"worker/batch: {name} is for masters only"):
            commands.run(worker, name)
    assert len(refused) > 20
    assert worker.aws.requests == []
    assert worker.host.commands == []


def test_a_unit_file_belongs_to_an_entry_and_runs_its_command() -> None:
    """One that runs another command would fail only on a host."""
    written = {f"{service.unit}.service" for service in SERVICES if service.timer is None}
    assert {path.name for path in unit_files.FOLDER.iterdir()} == written | OTHER_UNITS
    for service in SERVICES:
        if service.timer is None:
            text = unit_files.read(f"{service.unit}.service")
            (line,) = [line for line in text.splitlines() if unit_files.PROGRAM in line]
            key = "ExecStop" if service.at_shutdown else "ExecStart"
            assert line == f"{key}={unit_files.PROGRAM} {service.step.name}"


def test_a_periodic_service_needs_no_file(node: FakeNode) -> None:
    """Its timer and its service are made from its entry; the timer is what is started."""
    node.host.on("systemctl", None)
    node.supervisor = Systemd(node.host, services.units(is_master=True, has_ssh=True))
    periodic = [service for service in SERVICES if service.timer is not None]
    phases = {Phase.LAUNCH, Phase.CLUSTER, Phase.IN_SERVICE}
    assert {service.phase for service in periodic} == phases
    for phase in phases:
        node.supervisor.start(phase)
        started = node.host.ran("systemctl enable --now")[-1]
        timers = [name for name in started.split()[3:] if name.endswith(".timer")]
        assert timers == [f"{service.unit}.timer" for service in periodic if service.phase is phase]
    for service in periodic:
        timer = node.host.read(f"/etc/systemd/system/{service.unit}.timer") or ""
        run = node.host.read(f"/etc/systemd/system/{service.unit}.service") or ""
        assert all(f"\n{key}={value}\n" in timer for key, value in (service.timer or {}).items())
        assert f"\nExecStart={unit_files.PROGRAM} {service.step.name}\n" in run
        assert f"\nTimeoutStartSec={service.timeout}\n" in run


def test_unit_files_are_written_once_and_those_of_masters_on_masters_only(
    node: FakeNode, worker: FakeNode
) -> None:
    """Systemd reads them again only when one has changed."""
    for each in (node, worker):
        each.host.on("systemctl", None)
    for phase in (Phase.LAUNCH, Phase.POD_NETWORK):
        node.supervisor.start(phase)
    assert len(node.host.ran("systemctl daemon-reload")) == 1
    assert node.host.path("/etc/systemd/system/kubequorum-watchdog.service").exists()
    assert not [line for line in node.host.ran("systemctl enable") if "kubelet" in line]
    worker.host.commands.clear()
    (worker.host.path("/etc/systemd/system/kubequorum-watchdog.service")).unlink()
    worker.supervisor.start(Phase.LAUNCH)
    assert worker.host.ran("systemctl enable --now") == [
        "systemctl enable --now kubequorum-lifecycle.service"
    ]
    assert not worker.host.path("/etc/systemd/system/kubequorum-watchdog.service").exists()


def test_the_command_reads_the_environment_of_image_and_release(tmp_path: Path) -> None:
    """What a person runs has the same settings as what systemd runs; the release's come last."""
    text = (REPOSITORY / "userdata" / "files" / "kubequorum-node").read_text(encoding="utf-8")
    image, program = tmp_path / "image", tmp_path / "program"
    (program / "files").mkdir(parents=True)
    image.write_text("AWS_ENDPOINT_URL=http://10.0.0.1\nKUBEQUORUM_FAIL_STEP=join\n")
    (program / "files" / "environment").write_text("KUBEQUORUM_FAIL_STEP=prove-health\n")
    (program / "__main__.py").write_text(
        "import os, sys\n"
        "print(os.environ['AWS_ENDPOINT_URL'], os.environ['KUBEQUORUM_FAIL_STEP'], *sys.argv[1:])"
    )
    script = tmp_path / "kubequorum-node"
    script.write_text(
        text.replace("/etc/default/kubequorum", str(image)).replace("/opt/kubequorum/current", str(program))
    )
    done = subprocess.run(["sh", str(script), "boot", "a b"], check=True, capture_output=True, text=True)
    assert done.stdout == "http://10.0.0.1 prove-health boot a b\n"
