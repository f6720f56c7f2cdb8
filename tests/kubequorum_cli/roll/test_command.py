"""The command against an emulated AWS: what it says, asks and refuses, and which masters it replaces."""

import json
import re
import sys
import time
from dataclasses import replace as changed
from typing import Any

import pytest

from emulator.tests.api.emulator import Stack
from kubequorum_cli import validate
from kubequorum_cli.backups import Full, Point
from kubequorum_cli.commands import backup
from kubequorum_cli.commands import roll as command
from kubequorum_cli.errors import CommandError, UsageError
from tests.kubequorum_cli.roll.cluster import EmulatedCluster
from tests.kubequorum_cli.roll.conftest import Run


def test_all_masters_in_order(cluster: EmulatedCluster, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Each once, one after the other; and what was said before is what was done."""
    before = cluster.masters
    run()
    after = cluster.masters
    assert [slot for slot in before if before[slot] == after[slot]] == []
    assert cluster.launches() == ["a", "b", "c"]
    shown = capsys.readouterr().out
    begun = [shown.index(f"{number}. slot {slot}: {before[slot]}") for number, slot in enumerate("abc", 1)]
    ended = [shown.index(f"slot {slot}: {before[slot]} → {after[slot]} in ") for slot in "abc"]
    assert [*begun, *ended] == sorted([*begun, *ended])
    assert "How long: 63 s (`replacement_in_service_seconds`" in shown
    assert "THIS DEPLOYS" not in shown


@pytest.mark.parametrize("by_id", [False, True])
def test_one_master(cluster: EmulatedCluster, run: Run, by_id: bool) -> None:
    """By its slot, or by the instance's id."""
    before = cluster.masters
    run(before["b"] if by_id else "b")
    after = cluster.masters
    assert [slot for slot in before if before[slot] != after[slot]] == ["b"]


def test_another_launch_template_is_announced(
    cluster: EmulatedCluster, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The roll deploys it: of that slot, and of no other."""
    cluster.new_template("b")
    run(dry_run=True, as_json=True)
    said = capsys.readouterr()
    steps = {step["slot"]: step for step in json.loads(said.out)["steps"]}
    differ = [slot for slot, step in steps.items() if step["template"] != step["template_after"]]
    assert differ == ["b"]
    assert steps["b"]["template_after"] == steps["b"]["template"].replace("version 1", "version 2")
    assert said.err.count("THIS DEPLOYS what has changed") == 1


def test_a_dry_run_changes_nothing(
    cluster: EmulatedCluster, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does it ask."""
    before = cluster.masters
    run(dry_run=True, yes=False)
    assert cluster.masters == before
    assert capsys.readouterr().out.endswith("Nothing speaks against it\n")


def test_the_limit_is_that_of_the_lifecycle_hooks(
    cluster: EmulatedCluster, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each group, and what it takes to settle; unless somebody says something else."""
    cluster.hold_launches("c")
    run(dry_run=True, seconds=None, as_json=True)
    limits = [step["limit_seconds"] for step in json.loads(capsys.readouterr().out)["steps"]]
    assert limits == [300, 300, 7500]


def test_a_quorum_of_two_is_refused(
    cluster: EmulatedCluster, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anybody is asked, with the findings."""
    cluster.lose("b")
    before = cluster.masters
    with pytest.raises(CommandError, match="no master is replaced: nothing was changed") as caught:
        run("a", yes=False, as_json=True)
    assert "slot-without-master, slot b: " in caught.value.why
    assert cluster.masters == before
    printed = json.loads(capsys.readouterr().out)
    assert (printed["outcome"], printed["steps"][0]["state"]) == ("refused", "untouched")
    assert "slot-without-master" in [finding["id"] for finding in printed["findings"]]


def test_a_deployment_in_progress_is_refused(cluster: EmulatedCluster, run: Run) -> None:
    """Of whichever stack."""
    before = cluster.masters
    stack = Stack(cluster.emulator, f"{cluster.target.cluster}-Workers")
    wait = {"Type": "AWS::CloudFormation::WaitCondition"}
    signal = {"CreationPolicy": {"ResourceSignal": {"Timeout": "PT2H"}}}
    stack.begin_create(json.dumps({"Resources": {"Wait": {**wait, **signal}}}))
    with pytest.raises(CommandError, match="nothing was changed") as caught:
        run()
    assert "stack-in-progress" in caught.value.why
    assert cluster.masters == before
    stack.signal("Wait", "one")
    assert stack.wait() == "CREATE_COMPLETE"
    run("c")
    assert cluster.masters != before


def test_nobody_is_asked_without_a_terminal(
    cluster: EmulatedCluster, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script must say --yes."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    before = cluster.masters
    with pytest.raises(UsageError, match="nobody can be asked"):
        run(yes=False)
    assert cluster.masters == before


@pytest.mark.parametrize("answer", [False, True])
def test_a_person_decides(
    cluster: EmulatedCluster,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: bool,
) -> None:
    """Whoever says no has changed nothing."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer)
    before = cluster.masters
    if answer:
        run("a", yes=False, as_json=True)
    else:
        with pytest.raises(CommandError, match="nothing was changed"):
            run("a", yes=False, as_json=True)
    assert (cluster.masters != before) is answer
    assert json.loads(capsys.readouterr().out)["outcome"] == ("done" if answer else "declined")


def test_only_those_that_are_old(
    cluster: EmulatedCluster, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was launched since is left as it is; of all of them there is nothing to do, however it is."""
    before = cluster.masters
    run(launched_before="2020-01-01", as_json=True)
    printed = json.loads(capsys.readouterr().out)
    # A repetition means the same moment, not a later one.
    assert printed["continue_with"].endswith(" --launched-before 2020-01-01T00:00:00Z")
    assert (printed["outcome"], printed["steps"]) == ("nothing", [])
    assert [kept["instance"] for kept in printed["kept"]] == list(before.values())
    assert cluster.masters == before
    # Times of launches have whole seconds.
    time.sleep(1)
    run(launched_before="0s", dry_run=True, as_json=True)
    assert len(json.loads(capsys.readouterr().out)["steps"]) == 3


def test_wrong_usage(cluster: EmulatedCluster, run: Run) -> None:
    """A moment that is none, a master that there is not: with what would be right."""
    before = cluster.masters
    for words in ("soon", "2999-01-01", "99999999999d"):
        with pytest.raises(UsageError, match=rf"--launched-before {words} is no moment") as caught:
            run(launched_before=words)
        assert "7d" in caught.value.remedy
    for node in ("d", "i-0123456789abcdef0"):
        with pytest.raises(CommandError, match=f"there is no master '{node}'") as none:
            run(node)
        assert "a, b, c" in none.value.why
    assert cluster.masters == before


@pytest.fixture
def with_kubernetes(cluster: EmulatedCluster, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same as if the masters ran it, as far as backups are concerned."""
    real = validate.collect
    monkeypatch.setattr(validate, "collect", lambda _: real(cluster.target))
    target = changed(cluster.target, no_kubernetes=None)
    real_roll = command.roll
    monkeypatch.setattr(command, "roll", lambda _, **named: real_roll(target, **named))
    return run


def test_a_backup_is_taken_before(
    cluster: EmulatedCluster,
    with_kubernetes: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """While all masters are still the old ones; its id is in the result."""
    before, then = cluster.masters, []

    def take(*_: Any, **__: Any) -> Full:
        then.append(cluster.masters)
        return Full(key="k", point=Point(1, 4711), size_bytes=1, written=None)  # type: ignore[arg-type]

    monkeypatch.setattr(backup, "take", take)
    with_kubernetes("b", as_json=True)
    assert then == [before]
    printed = json.loads(capsys.readouterr().out)
    assert (printed["outcome"], printed["backup"]) == ("done", "1/4711")


@pytest.mark.parametrize("error", [CommandError("there is no backup after 300 s"), KeyboardInterrupt()])
def test_without_a_backup_no_master_goes(
    cluster: EmulatedCluster,
    with_kubernetes: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
) -> None:
    """It cannot be taken, or was not awaited."""
    before = cluster.masters

    def take(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(backup, "take", take)
    with pytest.raises(CommandError, match=r"no backup|no master is replaced"):
        with_kubernetes(as_json=True)
    assert cluster.masters == before
    outcome = json.loads(capsys.readouterr().out)["outcome"]
    assert outcome == ("failed" if isinstance(error, CommandError) else "interrupted")


def test_for_programs(cluster: EmulatedCluster, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """One document on stdout, and everything for people on stderr."""
    before = cluster.masters["a"]
    run("a", as_json=True)
    said = capsys.readouterr()
    printed = json.loads(said.out)
    (step,) = printed["steps"]
    assert (printed["outcome"], printed["reason"], printed["findings"]) == ("done", "", [])
    assert (step["instance"], step["successor"], step["state"]) == (before, cluster.masters["a"], "replaced")
    assert re.fullmatch(
        r"\./kubequorum roll --slot a --timeout 30 --launched-before \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        printed["continue_with"],
    )
    assert f"1. slot a: {before}" in said.err
