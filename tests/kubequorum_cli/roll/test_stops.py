"""Where a roll stops: at the first gate that stays closed; what it says then, and how it continues."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.tests.api.emulator import wait_until
from kubequorum_cli import validate
from kubequorum_cli.parts import Part
from kubequorum_cli.resources import Resources
from kubequorum_cli.slot_records import SlotRecord
from kubequorum_cli.validate import Snapshot, kinds
from tests.kubequorum_cli.roll.cluster import EmulatedCluster
from tests.kubequorum_cli.roll.conftest import Fail, Run, states
from tests.kubequorum_cli.validate.healthy import parts


def test_a_master_that_does_not_come_back(cluster: EmulatedCluster, run: Run, fail: Fail) -> None:
    """The others stay as they are. The command that is named replaces them, and no other."""
    cluster.hold_launches("b")
    before = cluster.masters
    # Times of launches have whole seconds: no master was launched in that of the roll.
    time.sleep(1)
    error, printed = fail(seconds=1)
    assert error.what == "the roll stopped at slot b"
    assert "not within 1 s:" in error.why
    assert "Pending:Wait" in error.why
    first = cluster.masters["a"]
    assert f"slot a: {before['a']} → {first} in " in error.why
    assert f"slot b: {before['b']} terminates, and its group launches a successor" in error.why
    assert f"slot c: {before['c']} is not replaced" in error.why
    assert "wait until slot b is well: ./kubequorum validate --wait 25m" in error.remedy
    assert printed["continue_with"] in error.remedy
    assert (printed["outcome"], states(printed)) == ("failed", ["replaced", "replacing", "untouched"])
    assert cluster.masters["c"] == before["c"]
    # Too early, it is refused; and without that moment it would replace all of them.
    moment = printed["continue_with"].rpartition(" ")[2]
    assert fail(launched_before=moment)[1]["outcome"] == "refused"
    cluster.let_launch("b")
    second = cluster.masters["b"]
    run(launched_before=moment)
    assert cluster.masters["a"] == first
    assert cluster.masters["b"] == second
    assert cluster.masters["c"] != before["c"]


@pytest.fixture
def _heard() -> Iterator[None]:
    """SIGINT is heard: a shell in the background starts its programs so that they ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_says_what_goes_on(
    cluster: EmulatedCluster, fail: Fail, number: signal.Signals
) -> None:
    """AWS replaces the master, with or without this command; signals are afterwards handled as before."""
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    cluster.hold_launches("a")
    before = cluster.masters

    def interrupt() -> None:
        wait_until(
            lambda: [m["LifecycleState"] for m in Resources(cluster.target).members("a")] == ["Pending:Wait"],
            what="a successor",
        )
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    error, printed = fail()
    thread.join()
    assert error.what == "the roll was interrupted at slot a"
    assert f"slot a: {before['a']} terminates, and its group launches a successor, whatever" in error.why
    assert (printed["outcome"], states(printed)) == ("interrupted", ["replacing", "untouched", "untouched"])
    assert printed["continue_with"] in error.remedy
    assert [cluster.masters[slot] for slot in "bc"] == [before[slot] for slot in "bc"]
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers


Seen = Callable[[Snapshot], Snapshot]


@pytest.fixture
def seen(cluster: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> Callable[[Seen], None]:
    """Change what is seen of the cluster."""
    real = validate.collect

    def seen(change: Seen) -> None:
        monkeypatch.setattr(validate, "collect", lambda target: change(real(target)))

    return seen


def test_a_successor_that_is_not_well_ends_it(
    cluster: EmulatedCluster, fail: Fail, seen: Callable[[Seen], None]
) -> None:
    """It is in service, and its watchdog reports something: the next one does not go."""
    before = cluster.masters

    def unwell(snapshot: Snapshot) -> Snapshot:
        master = snapshot.masters.get("a")
        outcome = "ready" if master is None or master.id == before["a"] else "unwell: MasterFull"
        found = {
            slot: SlotRecord(instance=each.id, outcome="ready", stage="member")
            for slot, each in snapshot.masters.items()
        }
        if master is not None:
            found["a"] = SlotRecord(instance=master.id, outcome=outcome, stage="member")
        return parts(records=found)(snapshot)

    seen(unwell)
    error, printed = fail(seconds=1)
    assert "master-unwell, slot a: " in error.why
    assert "which is in service and has not proved itself" in error.why
    assert [each["id"] for each in printed["findings"]] == ["master-unwell"]
    assert states(printed) == ["replacing", "untouched", "untouched"]
    assert [cluster.masters[slot] for slot in "bc"] == [before[slot] for slot in "bc"]


def test_a_boot_that_failed_ends_it_at_once(
    cluster: EmulatedCluster, fail: Fail, seen: Callable[[Seen], None]
) -> None:
    """As a deployment: with the reason that the master has written, long before the time is over."""
    cluster.hold_launches("a")
    before = cluster.masters

    def failed(snapshot: Snapshot) -> Snapshot:
        found = {
            slot: SlotRecord(instance=id_, outcome="ready", stage="member") for slot, id_ in before.items()
        }
        waiting = [i.id for i in snapshot.instances_of("a") if i.lifecycle_state == "Pending:Wait"]
        if waiting:
            found["a"] = SlotRecord(instance=waiting[0], outcome="failed: bad checksum of kubelet")
        return parts(records=found)(snapshot)

    seen(failed)
    error, printed = fail(seconds=3600)
    assert "the boot of a successor failed: " in error.why
    assert "bad checksum of kubelet" in error.why
    assert states(printed) == ["replacing", "untouched", "untouched"]


def test_a_gate_that_closes_between_two_masters(
    cluster: EmulatedCluster, fail: Fail, seen: Callable[[Seen], None]
) -> None:
    """A deployment has begun meanwhile: nothing more is replaced, and nothing is on its way."""
    before = cluster.masters
    done: list[bool] = []

    def deploying(snapshot: Snapshot) -> Snapshot:
        if cluster.masters["a"] == before["a"] or not done:
            # The last look at slot a, and the first one at slot b, see the same cluster.
            done.extend([True] * (cluster.masters["a"] != before["a"] and _is_well(snapshot)))
            return snapshot
        stacks = [*snapshot.stacks.known]
        busy = [s if not s.name.endswith("-State") else _updating(s) for s in stacks]
        return parts(stacks=busy)(snapshot)

    seen(deploying)
    error, printed = fail()
    assert error.what == "the roll stopped at slot b"
    assert "stack-in-progress, stack " in error.why
    assert "look: ./kubequorum validate. Then replace" in error.remedy
    assert states(printed) == ["replaced", "untouched", "untouched"]
    assert [cluster.masters[slot] for slot in "bc"] == [before[slot] for slot in "bc"]


def _is_well(snapshot: Snapshot) -> bool:
    return not [f for f in validate.find(snapshot) if f.id == kinds.INSTANCE_IN_PROGRESS.id] and (
        len(snapshot.masters) == 3
    )


def _updating(stack: Any) -> Any:
    return type(stack)(**{**vars(stack), "status": "UPDATE_IN_PROGRESS"})


def test_what_has_begun_since_the_look_closes_the_gate(
    cluster: EmulatedCluster, fail: Fail, seen: Callable[[Seen], None]
) -> None:
    """Somebody else has terminated another master a moment ago: AWS is asked once more."""
    first = validate.collect(cluster.target)
    before = cluster.masters
    seen(lambda _: first)
    cluster.lose("c")
    error, printed = fail("a")
    assert "slot c: Pending:Wait" in error.why
    assert states(printed) == ["untouched"]
    assert cluster.masters["a"] == before["a"]


def test_a_master_that_somebody_else_has_replaced_is_passed_over(
    cluster: EmulatedCluster, run: Run, seen: Callable[[Seen], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """While this roll replaced the one before it."""
    before = cluster.masters
    replaced: list[str] = []

    def meanwhile(snapshot: Snapshot) -> Snapshot:
        if not replaced and cluster.masters["a"] != before["a"]:
            replaced.append(before["b"])
            cluster.terminate(before["b"])
            cluster.wait_until_in_service()
            return snapshot
        return snapshot

    seen(meanwhile)
    run(as_json=True)
    after = cluster.masters
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [step["state"] for step in steps] == ["replaced", "gone", "replaced"]
    assert steps[1]["successor"] == after["b"]


def test_a_part_that_cannot_be_read_is_no_traceback(
    cluster: EmulatedCluster, fail: Fail, seen: Callable[[Seen], None]
) -> None:
    """While a successor is awaited, too: it is waited for until the time is over."""
    before = cluster.masters["a"]

    def unreadable(snapshot: Snapshot) -> Snapshot:
        members = [m["InstanceId"] for m in Resources(cluster.target).members("a")]
        if members == [before] and "a" in snapshot.masters:
            return snapshot
        return _without_groups(snapshot)

    seen(unreadable)
    error, _ = fail("a", seconds=1)
    assert "the groups cannot be read" in error.why


def _without_groups(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, groups=Part(problem="throttled"))
