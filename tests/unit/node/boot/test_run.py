"""The boot of a master: every step in its place, repeatable after a crash anywhere."""

import json
from typing import Any

import pytest

from kubequorum_node.boot import run
from kubequorum_node.boot.order import MASTER, steps_of
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes.credentials import JOIN_KEY
from kubequorum_node.restore import adoption
from kubequorum_node.volume.slot_record import SlotRecord
from tests.unit.node import examples
from tests.unit.node.boot.booting import master, rebooted, surroundings, with_join_material
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import RECORD, SimulatedNode

__all__ = ["master", "surroundings"]

API_CALLS_LIMIT = 30
"""Of one master's boot. One more is made before: first-boot.sh fetches the node program."""
BOOTSTRAP_CALLS = 1


def _phases(node: FakeNode) -> list[str]:
    lines = [line.partition(" --config")[0] for line in node.host.ran("/usr/local/bin/kubeadm init phase")]
    return [line.removeprefix("/usr/local/bin/kubeadm init phase ") for line in lines]


def test_a_master_boots(master: SimulatedNode) -> None:
    """Kubeadm's phases in the order that works, then hook and signal, each once."""
    node = master.node
    assert run.boot(node) == 0
    assert [phase for phase in _phases(node) if phase != "preflight"] == [
        "certs all",
        "kubeconfig all",
        "kubelet-start",
        "etcd local",
        "control-plane apiserver",
        "control-plane controller-manager",
        "control-plane scheduler",
        "mark-control-plane",
        "bootstrap-token",
        "kubelet-finalize all",
        "upload-config all",
        "addon kube-proxy",
        "addon coredns",
    ]
    assert node.aws.completed[0]["LifecycleActionResult"] == "CONTINUE"
    assert [signal["LogicalResourceId"] for signal in node.aws.signals] == ["ControlPlaneReady"]
    record = SlotRecord.from_json(node.aws.objects[RECORD].decode())
    assert (record.stage, record.outcome) == ("member", "ready")
    assert {JOIN_KEY, "admin/kubeconfig", ca_set.KEY} <= set(node.aws.objects)


def test_a_boot_makes_few_api_calls(master: SimulatedNode) -> None:
    """Counted where they leave the host, in a first boot, which makes the most of them."""
    node = master.node
    # A moment's difference between three masters: the last one's name is announced at the second look.
    announced = node.aws.objects.pop("slots/c/record.json")

    def announce() -> None:
        node.aws.objects["slots/c/record.json"] = announced

    node.clock.on_sleep.append(announce)
    node.aws.resources["MasterAGroup"] = "UPDATE_IN_PROGRESS"
    assert run.boot(node) == 0
    assert len(node.aws.calls) + BOOTSTRAP_CALLS <= API_CALLS_LIMIT, node.aws.calls
    assert len(node.aws.signals) == 2


def test_what_another_clusters_data_need_is_done_when_the_cluster_is_configured(
    master: SimulatedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the API server's help, before the boot is over."""
    done: list[list[str]] = []
    monkeypatch.setattr(adoption, "finish", lambda node: done.append(_phases(node)))
    run.boot(master.node)
    (phases,) = done
    assert phases[-1] == "addon coredns"


def test_no_secret_stays_in_a_file_that_others_may_read(master: SimulatedNode) -> None:
    """Keys are for root; the token's file is gone; the kubeconfig that no rule binds is gone."""
    node = master.node
    run.boot(node)
    for path in ("/etc/kubernetes/pki/ca.key", "/etc/kubernetes/api-server/encryption.json"):
        assert node.host.path(path).stat().st_mode & 0o077 == 0
    assert not node.host.path("/etc/kubernetes/super-admin.conf").exists()
    assert not node.host.path("/etc/kubernetes/kubequorum/shared.yaml").exists()
    token = json.loads(node.aws.objects[JOIN_KEY])["token"]
    for line in map(" ".join, node.host.commands):
        assert token not in line


def _all_steps() -> list[str]:
    return [todo.name for todo in steps_of(MASTER)]


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize("last", _all_steps())
def test_a_boot_continues_after_a_crash_behind_any_step(
    master: SimulatedNode, last: str, *, restarted: bool
) -> None:
    """Of the program alone, or of the host, which comes back with its disk and volume."""
    node = master.node
    order = steps_of(MASTER)
    for todo in order[: 1 + [todo.name for todo in order].index(last)]:
        todo.run(node)
    again = rebooted(master) if restarted else node
    assert run.boot(again) == 0
    record = SlotRecord.from_json(again.aws.objects[RECORD].decode())
    assert (record.stage, record.outcome, record.generation) == ("member", "ready", 1)
    assert len(again.host.ran("mkfs.ext4")) == 1


def test_a_second_boot_repeats_no_request_that_is_done(master: SimulatedNode) -> None:
    """The hook is complete, nothing waits for a signal, and certificates are renewed."""
    node = master.node
    run.boot(node)
    node.aws.resources["ControlPlaneReady"] = "CREATE_COMPLETE"
    node.aws.fail("complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found")
    signals = len(node.aws.signals)
    assert run.boot(rebooted(master)) == 0
    assert len(node.aws.signals) == signals
    assert node.host.ran("/usr/local/bin/kubeadm certs renew all")
    assert _phases(node).count("preflight") == 1


@pytest.mark.parametrize("kind", ["master", "worker"])
def test_a_lost_launch_completion_is_retried(
    node: FakeNode, worker: FakeNode, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """AWS says yes to the completion and loses it: else the launch would end with the hook's time-out."""
    master = SimulatedNode(node) if kind == "master" else with_join_material(worker)
    aws, own = master.node.aws, examples.IDENTITY.instance_id
    aws.lifecycle[own] = "Pending:Wait"
    asked: list[str] = []

    def complete(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters["LifecycleHookName"])
        if len(asked) > 1:
            aws.lifecycle[own] = "InService"
        return {}

    monkeypatch.setattr(aws, "complete_lifecycle_action", complete)
    assert run.boot(master.node) == 0
    assert asked == ["launch", "launch"]
