"""A boot of a worker, and of a host that is a plain process."""

from dataclasses import replace

import pytest

from kubequorum_node import services
from kubequorum_node.boot import run
from kubequorum_node.boot.order import WORKER, steps_of
from kubequorum_node.supervision.processes import Processes
from tests.unit.node.boot.booting import rebooted, surroundings, with_join_material
from tests.unit.node.fakes import FakeNode

__all__ = ["surroundings"]


@pytest.mark.parametrize("last", [todo.name for todo in steps_of(WORKER)])
def test_a_workers_boot_continues_after_a_crash_behind_any_step(worker: FakeNode, last: str) -> None:
    """It joins once, and signals its group."""
    master = with_join_material(worker)
    order = steps_of(WORKER)
    for todo in order[: 1 + [todo.name for todo in order].index(last)]:
        todo.run(worker)
    assert run.boot(rebooted(master)) == 0
    assert len(worker.host.ran("/usr/local/bin/kubeadm join")) == 1
    assert {signal["LogicalResourceId"] for signal in worker.aws.signals} == {"WorkersBatchGroup"}
    assert worker.aws.completed[-1]["LifecycleActionResult"] == "CONTINUE"


def test_a_worker_boots(worker: FakeNode) -> None:
    """It proves itself, joins, gets its network, and signals its group, with few requests to AWS."""
    with_join_material(worker)
    assert run.boot(worker) == 0
    assert [signal["LogicalResourceId"] for signal in worker.aws.signals] == ["WorkersBatchGroup"]
    assert len(worker.aws.calls) <= 7, worker.aws.calls
    assert worker.host.ran("systemctl enable --now kubequorum-pod-network.service")
    enabled = [line for line in worker.host.ran("systemctl enable") if "kubelet.service" in line]
    assert enabled == [], "the boot starts it, each time, once all is in place"


def test_a_worker_with_another_pod_network_starts_no_built_in_one(worker: FakeNode) -> None:
    """The two would make the same tunnel."""
    worker.document = replace(worker.document, network_plugin="calico")
    with_join_material(worker)
    assert run.boot(worker) == 0
    assert worker.host.ran("systemctl enable --now kubequorum-pod-network.service") == []


@pytest.fixture
def process(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A host that is a plain process; what it starts is noted."""
    started: list[str] = []
    supervisor = Processes(services.units(is_master=True))
    monkeypatch.setattr(supervisor, "start_process", started.append)
    node.supervisor = supervisor
    return started


def test_a_plain_process_only_reports_itself(
    node: FakeNode, process: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It runs no program and logs what it leaves out; a shutdown's service is not run as a process."""
    assert run.boot(node) == 0
    assert process == ["watch-lifecycle", "reconcile-addons"]
    assert node.host.commands == []
    assert node.aws.completed
    assert "plain process" in capsys.readouterr().err
