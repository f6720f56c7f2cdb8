"""A launch that is retried: supervised by systemd, limited as a whole, abandoned once."""

import configparser
import os
import subprocess
from pathlib import Path

import pytest

from kubequorum_node.boot import launch, run
from kubequorum_node.host import Result
from tests.synthesis import REPOSITORY
from tests.unit.node.boot.booting import master, surroundings
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode

__all__ = ["master", "surroundings"]

BROKEN = "/usr/local/bin/kubeadm init phase etcd local"
UNIT = REPOSITORY / "userdata" / "units" / "kubequorum-boot.service"


def _kernel(node: FakeNode, boot_id: str) -> None:
    node.host.write("/proc/sys/kernel/random/boot_id", f"{boot_id}\n")


def test_all_attempts_of_a_launch_share_one_limit(master: SimulatedNode) -> None:
    """The program was killed after 800 s; what it waits for now may take 40 s more, not 14 minutes again."""
    node = master.node
    launch.current(node)
    node.clock.seconds += 800
    node.aws.volume.update(State="in-use", Attachments=[])
    begin = node.clock.now()
    assert run.boot(node) == run.ABANDONED_STATUS
    assert node.clock.now() - begin < 60
    assert node.aws.completed[0]["LifecycleActionResult"] == "ABANDON"


def test_a_restart_of_the_host_does_not_restart_the_launch(node: FakeNode) -> None:
    """The kernel counts from nothing again; the wall clock says how long ago it was."""
    _kernel(node, "first")
    launch.current(node)
    node.clock.seconds += 100
    assert launch.seconds_used(node) == 100
    begun = launch.current(node)
    node.clock.seconds += 100
    _kernel(node, "second")
    assert launch.seconds_used(node) == node.clock.wall_time() - begun.began_at == 200


def test_setting_the_clock_changes_nothing(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the host is on, the kernel's own clock counts."""
    _kernel(node, "first")
    launch.current(node)
    monkeypatch.setattr(node.clock, "wall_time", lambda: 0.0)
    assert launch.seconds_used(node) == 0
    _kernel(node, "second")
    assert launch.seconds_used(node) == 0


def test_an_abandoned_launch_is_not_retried(master: SimulatedNode) -> None:
    """It was reported, and the group replaces the instance: it must not run beside its successor."""
    node = master.node
    node.host.on(BROKEN, Result(1, "", "disk on fire"))
    assert run.boot(node) == run.ABANDONED_STATUS
    del node.host.programs[BROKEN]
    node.aws.requests.clear()
    assert run.boot(node) == run.ABANDONED_STATUS
    assert node.aws.requests == []


def test_a_launch_whose_failure_could_not_be_reported_is_retried(master: SimulatedNode) -> None:
    """Without access to AWS nothing replaces the instance, and the next attempt may succeed."""
    node = master.node
    node.host.on(BROKEN, Result(1, "", "disk on fire"))
    node.aws.fail("complete_lifecycle_action", "InternalFailure")
    assert run.boot(node) == 1
    del node.host.programs[BROKEN]
    assert run.boot(node) == 0


def test_a_host_that_was_in_service_retries(master: SimulatedNode) -> None:
    """It fails after a restart: no launch is abandoned, no stack fails, and the limit starts again."""
    node = master.node
    assert run.boot(node) == 0
    node.aws.completed.clear()
    node.aws.signals.clear()
    node.clock.seconds += 10_000
    node.host.mounts.clear()
    node.host.on(BROKEN, Result(1, "", "disk on fire"))
    assert run.boot(node) == 1
    assert (node.aws.completed, node.aws.signals) == ([], [])
    del node.host.programs[BROKEN]
    assert run.boot(node) == 0


def test_a_truncated_record_is_tolerated(node: FakeNode) -> None:
    """The launch timer then restarts."""
    node.host.write("/var/lib/kubequorum/launch.json", '{"kernel":')
    assert launch.seconds_used(node) == 0


def test_systemd_retries_the_boot_unless_it_was_abandoned() -> None:
    """Whatever ends it: a signal, memory, an error; without end, in seconds, with growing pauses."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(UNIT.read_text(encoding="utf-8"))
    service = unit["Service"]
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == str(run.ABANDONED_STATUS)
    assert float(service["RestartSec"]) <= 5
    assert float(service["RestartSec"]) < float(service["RestartMaxDelaySec"]) <= 15
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An unpacked bundle as first-boot.sh leaves it, with programs that say how they were called."""
    home = tmp_path / "home"
    program = home / "0123"
    (program / "files").mkdir(parents=True)
    (program / "files" / "start.sh").write_bytes((REPOSITORY / "userdata/files/start.sh").read_bytes())
    (home / "current").symlink_to("0123")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("systemctl", "python3", "install"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (programs / name).chmod(0o755)
    return home


def _start(bundle: Path, **variables: str) -> str:
    path = f"{bundle.parent / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "current/files/start.sh"],
        cwd=bundle,
        env={"PATH": path, **variables},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_user_data_ends_by_starting_the_boot_unit(bundle: Path) -> None:
    """The command is there for units and people; the unit is started and not waited for."""
    unit = bundle / "0123" / "units" / "kubequorum-boot.service"
    command = bundle / "0123" / "files" / "kubequorum-node"
    assert _start(bundle).splitlines() == [
        f"install -D -m 755 {command} /usr/local/bin/kubequorum-node",
        f"systemctl enable --now --no-block {unit}",
    ]


def test_a_plain_process_boots_without_systemd(bundle: Path) -> None:
    """There is no systemd that could start it."""
    assert _start(bundle, KUBEQUORUM_SUPERVISOR="process") == f"python3 {bundle / '0123'} boot"
