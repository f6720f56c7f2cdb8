"""The command: it asks before it changes anything, writes one request, and can be run again at any point."""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubequorum_cli.commands import restore as command
from kubequorum_cli.errors import CommandError, UsageError
from kubequorum_cli.restore import plan
from kubequorum_node.volume import restore_request
from kubequorum_node.volume.restore_request import RestoreRequest
from tests.kubequorum_cli.restore.bucket_stub import StubBucket, target_of
from tests.kubequorum_cli.restore.cluster_stub import StubCluster

FIRST = "restores/requests/000001.json"


@pytest.fixture
def s3() -> StubBucket:
    """One generation of backups, up to revision 30."""
    found = StubBucket()
    found.generation(1)
    found.full(1, 10, minutes=1)
    found.log(1, 11, 30, minutes=3)
    return found


def _run(
    s3: StubBucket,
    to: str = "latest",
    *,
    yes: bool = True,
    dry_run: bool = False,
    control_plane: bool = False,
) -> None:
    command.restore(target_of(s3, control_plane=control_plane), to=to, yes=yes, dry_run=dry_run, seconds=0.0)


def _requests(s3: StubBucket) -> list[str]:
    return sorted(key for key in s3.objects if key.startswith("restores/requests/"))


def test_a_dry_run_says_all_and_changes_nothing(s3: StubBucket, capsys: pytest.CaptureFixture[str]) -> None:
    """From where, up to where, and what is lost."""
    _run(s3, dry_run=True)
    shown = capsys.readouterr().out
    assert "full snapshot 1/10, written 2027-01-15 12:01:00 UTC, 0 KiB, and 1 log objects" in shown
    assert "up to      1/30, received 2027-01-15 12:03:00 UTC, or a newer one" in shown
    assert "lost       what was written after that, in the last 57 minutes" in shown
    assert _requests(s3) == []


def test_nobody_is_asked_without_a_terminal(s3: StubBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script must say --yes."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(UsageError, match="nobody can be asked"):
        _run(s3, yes=False)
    assert _requests(s3) == []


@pytest.mark.parametrize("answer", [False, True])
def test_a_person_decides(s3: StubBucket, monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    """Whoever says no has changed nothing."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer)
    if answer:
        _run(s3, yes=False)
    else:
        with pytest.raises(CommandError, match="nothing was changed"):
            _run(s3, yes=False)
    assert _requests(s3) == [FIRST] * answer


@pytest.mark.parametrize(
    ("to", "revision", "or_newer"),
    [("latest", 30, True), ("1/25", 25, False), ("2027-01-15T12:02:50", 20, False)],
)
def test_the_request_is_what_masters_read(s3: StubBucket, to: str, revision: int, or_newer: bool) -> None:
    """Without a control plane it waits for one."""
    _run(s3, to)
    found = RestoreRequest.from_json(s3.objects[restore_request.key(1)][0].decode(), key="it")
    assert found == RestoreRequest(
        number=1,
        generation=1,
        revision=revision,
        or_newer=or_newer,
        bump_revision=1_000_000_000 + max(0, 11 - revision),
    )
    assert json.loads(s3.objects[FIRST][0])["to"] == to


def test_of_two_at_once_one_is_told(s3: StubBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have planned the same number; only one request is there."""
    real = plan.make

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        planned = real(*arguments, **named)
        s3.put(FIRST, b"of another", minutes=59)
        return planned

    monkeypatch.setattr(plan, "make", meanwhile)
    with pytest.raises(CommandError, match="restore 1 was requested by somebody else") as caught:
        _run(s3)
    assert "nothing was changed by this command" in caught.value.why
    assert s3.objects[FIRST][0] == b"of another"


def test_the_same_command_again_continues(s3: StubBucket, capsys: pytest.CaptureFixture[str]) -> None:
    """It was interrupted, and not all masters have restored: no second request."""
    _run(s3)
    s3.record("a", restore=1)
    s3.record("b", restore=0)
    _run(s3)
    assert "Restore 1 (--to latest" in capsys.readouterr().out
    _run(s3, "")
    assert _requests(s3) == [FIRST]


def test_another_target_is_another_restore(s3: StubBucket) -> None:
    """Its number is the next one."""
    _run(s3)
    s3.record("a", restore=0)
    _run(s3, "1/20")
    assert _requests(s3) == [FIRST, "restores/requests/000002.json"]


def test_the_same_command_after_it_was_carried_out_is_a_new_restore(s3: StubBucket) -> None:
    """All is lost again."""
    _run(s3)
    s3.record("a", restore=1)
    _run(s3)
    assert len(_requests(s3)) == 2


def test_the_same_command_much_later_is_a_new_restore(s3: StubBucket) -> None:
    """One master never came back, and the cluster has lived without it: its writes must not be lost."""
    _run(s3)
    s3.record("a", restore=0)
    document = json.loads(s3.objects[FIRST][0])
    document["requested"] = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    s3.put(FIRST, json.dumps(document).encode(), minutes=0)
    _run(s3)
    assert len(_requests(s3)) == 2


def test_nothing_to_continue(s3: StubBucket) -> None:
    """Wrong usage, with what can be said."""
    with pytest.raises(UsageError, match="no restore to continue") as caught:
        _run(s3, "")
    assert "latest" in caught.value.remedy


def test_a_request_that_nobody_began_expires(s3: StubBucket) -> None:
    """Masters pass over it, so waiting for them would be in vain; one that is begun can be followed."""
    _run(s3)
    document = json.loads(s3.objects[FIRST][0])
    document["requested"] = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    s3.put(FIRST, json.dumps(document).encode(), minutes=0)
    with pytest.raises(UsageError, match="restore 1 cannot be continued"):
        _run(s3, "")
    s3.put("restores/claims/000001", b"a", minutes=0)
    _run(s3, "")


def test_a_request_that_cannot_be_read(s3: StubBucket) -> None:
    """Named, without a traceback."""
    s3.put(FIRST, b"[]", minutes=0)
    with pytest.raises(CommandError, match=f"{FIRST} cannot be read"):
        _run(s3)


@pytest.fixture
def cluster(s3: StubBucket, monkeypatch: pytest.MonkeyPatch) -> StubCluster:
    """Three masters in service; each one that is terminated has a successor at once, which restores."""
    found = StubCluster()
    monkeypatch.setattr(command, "Resources", lambda _: found)
    monkeypatch.setattr(command, "has_kubernetes", lambda _: False)
    for slot in "abc":
        found.add(f"{slot}1", launched_after=-1e9)
        s3.record(slot, restore=0)
    return found


def test_masters_are_brought_to_it(
    s3: StubBucket,
    cluster: StubCluster,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every one; and what was restored in the end is said, also when it is less than was planned."""

    def successor(_: str, instance: str) -> None:
        s3.record(instance[0], restore=1)

    monkeypatch.setattr(cluster, "_call", successor)
    s3.put("restores/data/000001.db", b"", minutes=0)
    command.restore(target_of(s3, control_plane=True), to="latest", yes=True, dry_run=False, seconds=60.0)
    shown = capsys.readouterr().err
    assert "slot c: restored and in service" in shown
    assert "restored 1/28, received 2027-01-15 08:00:00 UTC, from full-10" in shown
    assert "LESS THAN WANTED: 2 revisions up to 1/30 could not be had: log-31: damaged" in shown


def test_masters_that_do_not_come(s3: StubBucket, cluster: StubCluster) -> None:
    """An error with how far each is; the command may be run again."""
    with pytest.raises(CommandError, match="not carried out by all masters") as caught:
        _run(s3, control_plane=True)
    assert "slot b: waiting for a master that restores" in caught.value.why
    assert "./kubequorum restore" in caught.value.remedy


def test_suspended_groups_are_found_before_the_request(s3: StubBucket, cluster: StubCluster) -> None:
    """It could not be carried out."""
    cluster.suspended["a"] = ["Launch"]
    with pytest.raises(CommandError, match="cannot replace its master"):
        _run(s3, control_plane=True)
    assert _requests(s3) == []
