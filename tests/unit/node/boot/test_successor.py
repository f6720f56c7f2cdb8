"""A master that follows another one in its slot: the volume, the name and the hooks."""

from pathlib import Path

from kubequorum_node.boot import run
from kubequorum_node.kubernetes import control_plane
from kubequorum_node.volume.slot_record import SlotRecord
from tests.unit.node import examples
from tests.unit.node.boot.booting import master, successor_of, surroundings
from tests.unit.node.simulation.node import NAME, RECORD, SimulatedNode
from tests.unit.node.simulation.pods import MANIFESTS

__all__ = ["master", "surroundings"]

ETCD_POD = f"{MANIFESTS}/etcd.yaml"
OWN = examples.IDENTITY.address
OTHER = "i-0aaaaaaaaaaaaaaaa"


def test_a_successor_completes_the_hook_of_a_terminated_predecessor(master: SimulatedNode) -> None:
    """Somebody has terminated it in EC2: it completes nothing, and its group would wait for five minutes."""
    aws = master.node.aws
    aws.lifecycle |= {examples.IDENTITY.instance_id: "Pending:Wait", "i-gone": "Terminating:Wait"}
    assert run.boot(master.node) == 0
    completed = [(done["InstanceId"], done["LifecycleHookName"]) for done in aws.completed]
    assert completed == [(examples.IDENTITY.instance_id, "launch"), ("i-gone", "terminate")]


def test_a_successor_takes_over(master: SimulatedNode, tmp_path: Path) -> None:
    """The volume is not formatted, and the member carries on."""
    run.boot(master.node)
    node = successor_of(master, tmp_path).node
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
    successor = successor_of(master, tmp_path)
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
