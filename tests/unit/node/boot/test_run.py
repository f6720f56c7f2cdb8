"""The whole boot: every step in its place, repeatable after a crash anywhere, and reported if it fails."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from kubequorum_node import services
from kubequorum_node.boot import run
from kubequorum_node.boot.order import MASTER, WORKER, Parallel, steps_of
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Result
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes import control_plane, credentials
from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from kubequorum_node.node import Node
from kubequorum_node.step import Step
from kubequorum_node.supervision.processes import Processes
from kubequorum_node.system import boot_lock
from kubequorum_node.volume.slot_record import SlotRecord
from tests.unit.node import examples
from tests.unit.node.boot.booting import master, surroundings
from tests.unit.node.fakes import FakeMetadata, FakeNode
from tests.unit.node.simulation.node import NAME, RECORD, SimulatedNode
from tests.unit.node.simulation.pods import MANIFESTS

__all__ = ["master", "surroundings"]

API_CALLS_LIMIT = 25
"""Of one master's boot. One more is made before: first-boot.sh fetches the node program."""
BOOTSTRAP_CALLS = 1
ETCD_POD = f"{MANIFESTS}/etcd.yaml"
OWN = examples.IDENTITY.address
OTHER = "i-0aaaaaaaaaaaaaaaa"


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
        "upload-config all",
        "mark-control-plane",
        "bootstrap-token",
        "kubelet-finalize all",
        "addon all",
    ]
    assert node.aws.completed[0]["LifecycleActionResult"] == "CONTINUE"
    assert [signal["LogicalResourceId"] for signal in node.aws.signals] == ["ControlPlaneReady"]
    record = SlotRecord.from_json(node.aws.objects[RECORD].decode())
    assert (record.stage, record.outcome) == ("member", "ready")
    assert {JOIN_KEY, "admin/kubeconfig", ca_set.KEY} <= set(node.aws.objects)


def test_a_boot_makes_few_api_calls(master: SimulatedNode) -> None:
    """Counted where they leave the host, in a first boot, which makes the most of them."""
    node = master.node
    # A moment's difference between three masters: the last one's name is there at the second look.
    del node.aws.records["etcd-c.ha.kubequorum.internal."]

    def late() -> None:
        node.aws.records["etcd-c.ha.kubequorum.internal."] = "10.20.3.9"

    node.aws.before["list_resource_record_sets"] = [lambda: None, late]
    node.aws.resources["MasterAGroup"] = "UPDATE_IN_PROGRESS"
    assert run.boot(node) == 0
    assert len(node.aws.calls) + BOOTSTRAP_CALLS <= API_CALLS_LIMIT, node.aws.calls
    assert len(node.aws.signals) == 2


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
    again = _rebooted(master) if restarted else node
    assert run.boot(again) == 0
    record = SlotRecord.from_json(again.aws.objects[RECORD].decode())
    assert (record.stage, record.outcome, record.generation) == ("member", "ready", 1)
    assert len(again.host.ran("mkfs.ext4")) == 1


def _rebooted(master: SimulatedNode) -> FakeNode:
    """The same host after a restart: nothing is mounted, and no static pod runs yet."""
    node = master.node
    master.pods.lose_power()
    return node


def test_a_second_boot_repeats_no_request_that_is_done(master: SimulatedNode) -> None:
    """The hook is complete, nothing waits for a signal, and certificates are renewed."""
    node = master.node
    run.boot(node)
    node.aws.resources["ControlPlaneReady"] = "CREATE_COMPLETE"
    node.aws.fail("complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found")
    signals = len(node.aws.signals)
    assert run.boot(_rebooted(master)) == 0
    assert len(node.aws.signals) == signals
    assert node.host.ran("/usr/local/bin/kubeadm certs renew all")
    assert _phases(node).count("preflight") == 1


@pytest.mark.parametrize("kind", ["master", "worker"])
def test_a_lost_launch_completion_is_retried(
    node: FakeNode, worker: FakeNode, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """AWS says yes to the completion and loses it: else the launch would end with the hook's time-out."""
    master = SimulatedNode(node) if kind == "master" else _with_join_material(worker)
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


def test_a_successor_completes_the_hook_of_a_terminated_predecessor(master: SimulatedNode) -> None:
    """Somebody has terminated it in EC2: it completes nothing, and its group would wait for five minutes."""
    aws = master.node.aws
    aws.lifecycle |= {examples.IDENTITY.instance_id: "Pending:Wait", "i-gone": "Terminating:Wait"}
    assert run.boot(master.node) == 0
    completed = [(done["InstanceId"], done["LifecycleHookName"]) for done in aws.completed]
    assert completed == [(examples.IDENTITY.instance_id, "launch"), ("i-gone", "terminate")]


def _successor_of(first: SimulatedNode, folder: Path) -> SimulatedNode:
    """Another instance, another disk, the same volume with etcd's data on it."""
    node = FakeNode(folder / "successor")
    successor = SimulatedNode(node)
    node.aws.objects = first.node.aws.objects
    node.identity = replace(examples.IDENTITY, instance_id="i-0bbbbbbbbbbbbbbbb")
    node.aws.lifecycle[node.identity.instance_id] = "Pending:Wait"
    successor.put_data()
    return successor


def test_a_successor_takes_over(master: SimulatedNode, tmp_path: Path) -> None:
    """The volume is not formatted, and the member carries on."""
    run.boot(master.node)
    node = _successor_of(master, tmp_path).node
    assert run.boot(node) == 0
    assert not node.host.ran("mkfs.ext4")
    record = SlotRecord.from_json(node.aws.objects[RECORD].decode())
    assert (record.generation, record.instance) == (2, "i-0bbbbbbbbbbbbbbbb")


def _where_the_name_leads_when(master: SimulatedNode) -> dict[str, set[str]]:
    """What the host resolves when etcd's pod is written, and when success is signalled."""
    node = master.node
    node.aws.resources["MasterAGroup"] = "UPDATE_IN_PROGRESS"
    seen: dict[str, set[str]] = {}

    def write_pod(*_: object) -> None:
        seen["etcd starts"] = node.host.names[NAME]
        node.host.write(ETCD_POD, "pod")

    def note() -> None:
        seen.setdefault("it is signalled", node.host.names[NAME])

    node.host.on("/usr/local/bin/kubeadm init phase etcd local", write_pod)
    node.aws.before["signal_resource"] = [note, note]
    return seen


def test_a_first_member_waits_for_its_name(master: SimulatedNode) -> None:
    """It has no data, and looks itself up."""
    node = master.node
    node.host.names[NAME] = {"10.20.1.4"}
    node.clock.on_sleep.append(lambda: node.host.names.update({NAME: {OWN}}))
    seen = _where_the_name_leads_when(master)
    assert run.boot(node) == 0
    assert seen["etcd starts"] == {OWN}


def test_a_member_with_data_starts_before_its_name_has_propagated(
    master: SimulatedNode, tmp_path: Path
) -> None:
    """What waits is the signal: an update goes on behind it, to a master that looks for this one by name."""
    run.boot(master.node)
    successor = _successor_of(master, tmp_path)
    node = successor.node
    node.host.names[NAME] = {"10.20.1.4"}

    def forget() -> None:
        if node.host.path(ETCD_POD).exists():
            node.host.names[NAME] = {OWN}

    node.clock.on_sleep.append(forget)
    seen = _where_the_name_leads_when(successor)
    assert run.boot(node) == 0
    assert seen == {"etcd starts": {"10.20.1.4"}, "it is signalled": {OWN}}


def test_a_kubelet_with_static_pods_of_an_earlier_boot_waits_for_the_volume(master: SimulatedNode) -> None:
    """It would start etcd beside the volume, with nothing. One that has none may be ahead of it."""
    node = master.node
    control_plane.start_kubelet_early(node)
    assert len(node.host.ran("/usr/local/bin/kubeadm init phase kubelet-start")) == 1
    master.pods.kubelet_runs = False
    node.host.write(ETCD_POD, "pod")
    control_plane.start_kubelet_early(node)
    assert len(node.host.ran("/usr/local/bin/kubeadm init phase kubelet-start")) == 1


def test_the_name_changes_only_once_the_volume_is_here(master: SimulatedNode) -> None:
    """A newcomer that waits for a master that works leaves the slot's name with it, however long it takes."""
    node = master.node
    node.aws.volume.update(State="in-use", Attachments=[{"InstanceId": OTHER, "State": "attached"}])
    node.aws.instances[OTHER] = {"State": {"Name": "running"}, "PrivateIpAddress": "10.20.1.4"}
    node.aws.lifecycle[OTHER] = "InService"
    node.host.statuses["https://10.20.1.4:10250/healthz"] = 401
    begin = node.clock.now()

    def free_volume() -> None:
        if node.clock.now() > begin + 300:
            node.aws.volume.update(State="available", Attachments=[])

    node.clock.on_sleep.append(free_volume)
    assert run.boot(node) == 0
    assert len(node.aws.asked("describe_volumes")) > 10
    asked = [operation for operation, _ in node.aws.requests]
    assert asked.index("attach_volume") < asked.index("change_resource_record_sets")


def test_a_failed_boot_is_reported_everywhere(
    master: SimulatedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """Console, slot record, stack; then the launch is abandoned, with its own exit status."""
    node = master.node
    node.host.on("/usr/local/bin/kubeadm init phase etcd local", Result(1, "", "disk on fire"))
    assert run.boot(node) == run.ABANDONED_STATUS
    assert "BOOT FAILED" in capsys.readouterr().err
    record = SlotRecord.from_json(node.aws.objects[RECORD].decode())
    assert "disk on fire" in record.outcome
    (signal,) = node.aws.signals
    assert signal["Status"] == "FAILURE"
    assert signal["UniqueId"].startswith("i-0123456789abcdef0 `/usr/local/bin/kubeadm")
    assert [done["LifecycleActionResult"] for done in node.aws.completed] == ["ABANDON"]


def test_a_report_that_fails_does_not_prevent_the_others(master: SimulatedNode) -> None:
    """S3 fails, and the boot with it: the stack is still signalled."""
    node = master.node
    node.aws.fail("get_object", "InternalError", times=50)
    assert run.boot(node) == run.ABANDONED_STATUS
    assert node.aws.signals[0]["Status"] == "FAILURE"


def test_a_failure_in_one_lane_does_not_wait_for_the_others(master: SimulatedNode) -> None:
    """A checksum is wrong while another instance still has the volume: that may take many minutes."""
    never = Event()
    node = master.node

    def wait(_: Node) -> None:
        never.wait(60)

    def fail(_: Node) -> None:
        raise NodeError("bad checksum")

    try:
        with pytest.raises(NodeError, match="bad checksum"):
            run.run(node, [Parallel(([Step("slow", "", wait)], [Step("broken", "", fail)]))])
    finally:
        never.set()


def test_the_wrong_zone_fails_the_boot_before_anything_changes(tmp_path: Path) -> None:
    """Both zones are in the reason that the stack gets to see."""
    node = FakeNode(tmp_path, metadata=FakeMetadata(zone="eu-central-1b"))
    SimulatedNode(node)
    assert run.boot(node) == run.ABANDONED_STATUS
    assert not node.aws.asked("attach_volume")
    assert not node.aws.asked("change_resource_record_sets")


def test_two_boots_do_not_run_at_the_same_time(master: SimulatedNode) -> None:
    """The unit's and a person's: the second one ends, and abandons no launch."""
    node = master.node
    with boot_lock.held(node), pytest.raises(NodeError, match="another boot or repair is running"):
        run.boot(node)
    assert node.aws.requests == []


def _with_join_material(worker: FakeNode) -> SimulatedNode:
    """A worker whose group waits for it, in a cluster whose masters have published what it needs."""
    master = SimulatedNode(worker)
    expires = "2999-01-01T00:00:00Z"
    material = JoinMaterial(
        token=credentials.new_token(), ca_hash="sha256:0", endpoint="api:6443", expires=expires
    )
    worker.aws.objects[JOIN_KEY] = material.to_json().encode()
    worker.aws.resources["WorkersBatchGroup"] = "UPDATE_IN_PROGRESS"
    return master


@pytest.mark.parametrize("last", [todo.name for todo in steps_of(WORKER)])
def test_a_workers_boot_continues_after_a_crash_behind_any_step(worker: FakeNode, last: str) -> None:
    """It joins once, and signals its group."""
    master = _with_join_material(worker)
    order = steps_of(WORKER)
    for todo in order[: 1 + [todo.name for todo in order].index(last)]:
        todo.run(worker)
    assert run.boot(_rebooted(master)) == 0
    assert len(worker.host.ran("/usr/local/bin/kubeadm join")) == 1
    assert {signal["LogicalResourceId"] for signal in worker.aws.signals} == {"WorkersBatchGroup"}
    assert worker.aws.completed[-1]["LifecycleActionResult"] == "CONTINUE"


def test_a_worker_boots(worker: FakeNode) -> None:
    """It joins, gets its network, and signals its group, with few requests to AWS."""
    _with_join_material(worker)
    assert run.boot(worker) == 0
    assert [signal["LogicalResourceId"] for signal in worker.aws.signals] == ["WorkersBatchGroup"]
    assert len(worker.aws.calls) <= 6, worker.aws.calls
    assert worker.host.ran("systemctl enable --now kubequorum-pod-network.service")
    enabled = [line for line in worker.host.ran("systemctl enable") if "kubelet.service" in line]
    assert enabled == [], "the boot starts it, each time, once all is in place"


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
    assert process == ["watch-lifecycle"]
    assert node.host.commands == []
    assert node.aws.completed
    assert "plain process" in capsys.readouterr().err


def test_a_host_without_systemd_is_refused(node: FakeNode) -> None:
    """It could run none of the units; the message says what would."""
    with pytest.raises(NodeError, match="KUBEQUORUM_SUPERVISOR=process"):
        run.boot(node)
    assert node.aws.requests == []


def test_an_injected_fault_fails_its_step_and_no_other(
    master: SimulatedNode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The launch fails as it would of itself, and the log says where the fault comes from."""
    monkeypatch.setenv("KUBEQUORUM_FAIL_STEP", "prove-health")
    assert run.boot(master.node) == run.ABANDONED_STATUS
    logged = capsys.readouterr().err
    assert "error: prove-health: FAILED" in logged
    assert "KUBEQUORUM_FAIL_STEP=prove-health" in logged
    assert "configure-cluster: done" in logged
