"""In an update masters run two versions of Kubernetes; what they share belongs to one of them."""

from dataclasses import replace

import pytest

from kubequorum_node.boot import run
from kubequorum_node.host import Result
from kubequorum_node.volume.slot_record import SlotRecord
from tests.unit.node import examples
from tests.unit.node.boot.booting import surroundings
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode

__all__ = ["surroundings"]

MINE = examples.DOCUMENT.kubernetes_version
OLDER, NEWER = "1.35.9", "1.37.2"
ASKS = (
    "/usr/local/bin/kubectl --kubeconfig=/etc/kubernetes/admin.conf "
    f"--server=https://{examples.IDENTITY.address}:6443 --request-timeout=20s get configmap kubeadm-config"
)
SHARED = ["upload-config all", "addon kube-proxy", "addon coredns"]


@pytest.fixture
def master(node: FakeNode) -> SimulatedNode:
    """A successor in a cluster that lives."""
    master = SimulatedNode(node)
    node.aws.resources["MasterAGroup"] = "UPDATE_IN_PROGRESS"
    master.put_data()
    master.etcd.quorum, master.etcd.leader = True, "b"
    return master


def _others_run(master: SimulatedNode, **versions: str) -> None:
    for slot, version in versions.items():
        key = f"slots/{slot}/record.json"
        record = SlotRecord.from_json(master.node.aws.objects[key].decode())
        master.node.aws.objects[key] = replace(record, kubernetes=version).to_json().encode()


def _shared_phases(master: SimulatedNode) -> list[str]:
    lines = map(" ".join, master.node.host.commands)
    phases = [
        line.split(" --config")[0].partition("init phase ")[2] for line in lines if "init phase" in line
    ]
    return [phase for phase in phases if phase in SHARED]


@pytest.mark.parametrize("of_c", [OLDER, ""], ids=["older", "of a release that did not say"])
def test_the_first_masters_of_an_update_leave_it_as_it_is(master: SimulatedNode, of_c: str) -> None:
    """What only concerns themselves and joining workers is written."""
    master.shared_version = OLDER
    _others_run(master, b=MINE, c=of_c)
    assert run.boot(master.node) == 0
    assert _shared_phases(master) == []
    assert master.node.host.ran("/usr/local/bin/kubeadm init phase bootstrap-token")
    assert master.record().kubernetes == MINE


def test_the_last_master_writes_it_when_it_has_proved_itself(master: SimulatedNode) -> None:
    """Before the update ends with its signal."""
    master.shared_version = OLDER
    _others_run(master, b=MINE, c=MINE)
    outcomes: list[str] = []
    master.node.host.on(
        "/usr/local/bin/kubeadm init phase addon", lambda *_: outcomes.append(_outcome(master))
    )
    assert run.boot(master.node) == 0
    assert _shared_phases(master) == SHARED
    assert outcomes == ["ready", "ready"]


def _outcome(master: SimulatedNode) -> str:
    assert [
        signal for signal in master.node.aws.signals if signal["LogicalResourceId"] == "MasterAGroup"
    ] == []
    return master.record().outcome


def test_an_older_master_that_boots_again_overwrites_nothing(master: SimulatedNode) -> None:
    """The update has ended without it, or a roll-back has not come to the others yet."""
    master.shared_version = NEWER
    _others_run(master, b=NEWER, c=MINE)
    assert run.boot(master.node) == 0
    assert _shared_phases(master) == []


def test_the_last_master_of_a_roll_back_writes_it_again(master: SimulatedNode) -> None:
    """Forwards or backwards: the cluster has the version of its masters."""
    master.shared_version = NEWER
    _others_run(master, b=MINE, c=MINE)
    assert run.boot(master.node) == 0
    assert _shared_phases(master) == SHARED


def test_a_coredns_that_kubeadm_does_not_know_stays(master: SimulatedNode) -> None:
    """After a step back: kubeadm refuses a version after its own, and the boot would fail with it."""
    _has_coredns(master, "v1.14.6", of_kubeadm="v1.14.2")
    master.shared_version = NEWER
    _others_run(master, b=MINE, c=MINE)
    assert run.boot(master.node) == 0
    assert _shared_phases(master) == SHARED[:2]


@pytest.mark.parametrize("there", ["v1.14.2", "v1.9.9", "latest", "v1.14.6-custom@sha256:1"])
def test_coredns_is_kubeadms_otherwise(master: SimulatedNode, there: str) -> None:
    """An older one is raised; of a tag of somebody's own nothing is known."""
    _has_coredns(master, there, of_kubeadm="v1.14.10")
    master.shared_version = MINE
    assert run.boot(master.node) == 0
    assert _shared_phases(master) == SHARED


def _has_coredns(master: SimulatedNode, tag: str, *, of_kubeadm: str) -> None:
    host, registry = master.node.host, "registry.k8s.io/coredns/coredns"
    kubectl = ASKS.partition(" get ")[0]
    host.on(f"{kubectl} get deployment coredns", f"{registry}:{tag}")
    images = f"registry.k8s.io/kube-proxy:v{MINE}\n{registry}:{of_kubeadm}\nregistry.k8s.io/pause:3.10.2\n"
    host.on("/usr/local/bin/kubeadm config images list", images)


def test_an_older_master_writes_its_own_version_while_an_update_is_under_way(master: SimulatedNode) -> None:
    """That is the version which the cluster has, and what is in the cluster file may have changed."""
    master.shared_version = MINE
    _others_run(master, b=NEWER, c=MINE)
    assert run.boot(master.node) == 0
    assert _shared_phases(master) == SHARED


def test_a_configuration_that_cannot_be_read_fails_the_boot(master: SimulatedNode) -> None:
    """It is not taken for none, which this master would write."""
    node = master.node
    node.host.on(ASKS, Result(1, "", "etcdserver: request timed out"))
    assert run.boot(node) == run.ABANDONED_STATUS
    assert _shared_phases(master) == []
