"""A requested restore is carried out once, whatever is on the volume and wherever a boot ends."""

from collections.abc import Callable

import pytest

from kubequorum_node.etcd import manifest
from kubequorum_node.etcd.membership import ForeignVolumeError, NoQuorumError
from kubequorum_node.kubeadm import ca_set, encryption_keys
from kubequorum_node.kubeadm.ca_set import _FILES, CaSet
from kubequorum_node.kubeadm.cluster_configuration import API_SERVER_FOLDER
from kubequorum_node.kubeadm.fixed_settings import FixedSettingError
from kubequorum_node.kubernetes import api_server_files
from kubequorum_node.restore import placement
from kubequorum_node.restore.settle import settle
from kubequorum_node.volume import member_data, slot_record
from kubequorum_node.volume.slot_record import FORMING, JOINING, MEMBER
from tests.unit.node.fakes import FakeNode
from tests.unit.node.restore.restoring import (
    DATA,
    RESTORE,
    VOLUME,
    Backups,
    backups,
    keep_record,
    kept,
    record_of,
    request,
)
from tests.unit.node.simulation.etcd import SimulatedEtcd

__all__ = ["backups"]

NEW_DATA = "restored from snapshot 1"


def _token(node: FakeNode) -> str | None:
    """What replaces the cluster's name as etcd's token."""
    return dict(manifest.etcd_arguments(node)).get("initial-cluster-token")


def test_without_a_request_nothing_changes(node: FakeNode, backups: Backups) -> None:
    """The member resumes, in the cluster that it has always been in."""
    found = settle(node, VOLUME)
    assert (found.restore, record_of(node).restore, node.host.read(DATA)) == (0, 0, "old")
    assert _token(node) is None
    assert backups.asked == []


def test_a_restore_takes_the_place_of_the_data(node: FakeNode, backups: Backups) -> None:
    """What was there is kept; record and volume say which restore the data come from; a new cluster forms."""
    request(node, bump_revision=7)
    found = settle(node, VOLUME)
    assert (node.host.read(DATA), kept(node)) == (NEW_DATA, "old")
    record = record_of(node)
    assert (record.restore, record.stage, record.outcome) == (1, MEMBER, "booting")
    assert placement.restore_of(node) == 1
    assert (found.state, found.restore, _token(node)) == ("new", 1, "ha-restore-1")
    (flags,) = node.host.ran(RESTORE)
    for flag in ("--bump-revision=7", "--mark-compacted", "--initial-cluster-token=ha-restore-1"):
        assert flag in flags, flag
    assert "etcd-c=https://etcd-c.ha.kubequorum.internal:2380" in flags
    assert [path.name for path in node.host.path("/var/lib/etcd").glob("restored*")] == []


def test_it_is_carried_out_once(node: FakeNode, backups: Backups) -> None:
    """The next boots resume: what was written since the restore stays."""
    request(node)
    settle(node, VOLUME)
    node.host.write(DATA, "new writes")
    settle(node, VOLUME)
    assert (node.host.read(DATA), kept(node), len(backups.asked)) == ("new writes", "old", 1)


def test_the_next_restore_takes_its_place_in_turn(node: FakeNode, backups: Backups) -> None:
    """With a cluster of its own; the copies of both are there."""
    request(node)
    settle(node, VOLUME)
    request(node, 2, generation=2)
    settle(node, VOLUME)
    assert (kept(node, 1), kept(node, 2)) == ("old", NEW_DATA)
    assert (record_of(node).restore, _token(node)) == (2, "ha-restore-2")
    assert [asked["generation"] for asked in backups.asked] == [1, 2]


@pytest.mark.parametrize("step", ["prepare", "keep", "put_in_place", "note", "_record"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "behind"])
def test_a_crash_at_any_step(
    node: FakeNode, backups: Backups, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """Before or behind each: the next boot continues, the old data are kept, and none is restored twice."""
    request(node)
    module = {"keep": member_data, "_record": slot_record}.get(step, placement)
    name = {"_record": "update"}.get(step, step)
    real: Callable[..., object] = getattr(module, name)
    calls: list[object] = []

    def crash(*arguments: object, **named: object) -> object:
        calls.append(arguments)
        # The record is first written when the restore begins.
        if step == "_record" and len(calls) < 2:
            return real(*arguments, **named)
        if after:
            real(*arguments, **named)
        raise SystemExit(step)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, crash)
        with pytest.raises(SystemExit, match=step):
            settle(node, VOLUME)
    settle(node, VOLUME)
    assert "restored from snapshot" in (node.host.read(DATA) or "")
    assert (kept(node), record_of(node).restore, placement.restore_of(node)) == ("old", 1, 1)
    assert len(backups.asked) == 1, "the snapshot is in the bucket already"


def test_an_empty_volume_is_restored_without_the_others(node: FakeNode, backups: Backups) -> None:
    """All volumes were lost: it neither begins with nothing nor waits for a quorum."""
    member_data.keep(node, restore=0)
    keep_record(node, stage=JOINING)
    request(node)
    settle(node, VOLUME)
    assert node.host.read(DATA) == NEW_DATA
    assert record_of(node).stage == MEMBER


def test_another_volume_from_before_the_restore_is_refused(node: FakeNode, backups: Backups) -> None:
    """The slot has a volume with the restored data: this one must not take its member's place."""
    keep_record(node, restore=1, volume="vol-0fedcba9876543210")
    request(node)
    SimulatedEtcd(node)
    with pytest.raises(ForeignVolumeError, match=r"the member's data are on vol-0fedcba9876543210"):
        settle(node, VOLUME)
    assert node.host.read(DATA) == "old"


def test_without_a_record_the_restore_counts_too(node: FakeNode, backups: Backups) -> None:
    """Somebody has deleted the records: the cluster is not begun empty."""
    del node.aws.objects["slots/a/record.json"]
    member_data.keep(node, restore=0)
    request(node)
    settle(node, VOLUME)
    assert (node.host.read(DATA), record_of(node).stage) == (NEW_DATA, MEMBER)


def test_a_deleted_record_restores_nothing_again(node: FakeNode, backups: Backups) -> None:
    """The volume knows, too: what was written since the restore stays."""
    request(node)
    settle(node, VOLUME)
    node.host.write(DATA, "new writes")
    del node.aws.objects["slots/a/record.json"]
    node.host.path("/etc/kubernetes/kubequorum/slot-record.json").unlink()
    settle(node, VOLUME)
    assert (node.host.read(DATA), record_of(node).restore) == ("new writes", 1)


def test_a_volume_from_before_the_restore_comes_back(node: FakeNode, backups: Backups) -> None:
    """Its member has voted since: it copies the others' data, and the old ones take no part in anything."""
    keep_record(node, restore=1)
    request(node)
    SimulatedEtcd(node)
    found = settle(node, VOLUME)
    assert (found.state, kept(node), node.host.read(DATA)) == ("existing", "old", None)
    assert backups.asked == []
    assert placement.restore_of(node) == 1


def test_a_request_while_the_others_are_waited_for(node: FakeNode, backups: Backups) -> None:
    """The volumes of all are lost: the masters that wait for each other notice, without being replaced."""
    member_data.keep(node, restore=0)
    begin = node.clock.now()

    def ask() -> None:
        if node.clock.now() > begin + 20:
            request(node)

    node.clock.on_sleep.append(ask)
    settle(node, VOLUME)
    assert node.host.read(DATA) == NEW_DATA
    assert node.clock.now() < begin + 40


def test_a_lost_member_of_the_restored_cluster_copies_the_others(node: FakeNode, backups: Backups) -> None:
    """It has acknowledged writes since the restore, so the snapshot is not enough: only they have them."""
    request(node)
    settle(node, VOLUME)
    member_data.quarantine(node)
    with pytest.raises(NoQuorumError, match="kubequorum restore --to latest"):
        settle(node, VOLUME)
    SimulatedEtcd(node)
    found = settle(node, VOLUME)
    assert (found.state, found.restore) == ("existing", 1)
    assert len(backups.asked) == 1


def test_a_master_that_is_late_by_more_than_the_snapshot_lives(node: FakeNode, backups: Backups) -> None:
    """A snapshot that was rebuilt again could differ from what the others run on."""
    request(node)
    keep_record(node, "b", restore=1)
    SimulatedEtcd(node)
    found = settle(node, VOLUME)
    assert (found.state, backups.asked, kept(node)) == ("existing", [], "old")
    assert (record_of(node).stage, record_of(node).restore) == (JOINING, 1)


@pytest.mark.parametrize("stage", [FORMING, JOINING])
def test_a_restore_ends_every_stage(node: FakeNode, backups: Backups, stage: str) -> None:
    """A member that never worked, or had lost its data, has them then."""
    keep_record(node, stage=stage)
    request(node)
    settle(node, VOLUME)
    assert record_of(node).stage == MEMBER


def test_data_with_addresses_of_other_ranges_are_refused(node: FakeNode, backups: Backups) -> None:
    """Another cluster's Services would have addresses that nothing here routes; what is there stays."""
    key = "network.service_cidr"
    request(node, settings={key: "10.99.0.0/16"})
    with pytest.raises(FixedSettingError, match=f"{key} is {node.document.service_cidr}, there 10.99.0.0/16"):
        settle(node, VOLUME)
    assert (node.host.read(DATA), kept(node)) == ("old", None)
    request(node, 2, settings={key: node.document.service_cidr})
    settle(node, VOLUME)
    assert node.host.read(DATA) == NEW_DATA


def test_a_key_that_came_while_this_master_booted_is_used(node: FakeNode, backups: Backups) -> None:
    """The API server's files were written before the other cluster's key was in the bucket."""
    own = CaSet(files=dict.fromkeys(_FILES, "PEM"), encryption_key="b3du")
    node.aws.objects[ca_set.KEY] = own.to_json().encode()
    api_server_files.write(node, ca_set.install(node))
    path = f"{API_SERVER_FOLDER}/encryption.json"
    assert "dGhlaXJz" not in (node.host.read(path) or "")
    node.aws.objects[f"{encryption_keys.PREFIX}1.json"] = b'{"version": 1, "key": "dGhlaXJz"}'
    request(node, source="restores/sources/1/", version=2)
    settle(node, VOLUME)
    assert "dGhlaXJz" in (node.host.read(path) or "")
