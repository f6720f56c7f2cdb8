"""The command in an account in which nothing is deployed, and what it says of wrong usage."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator, running_emulator
from kubequorum_cli import cdk
from kubequorum_cli.commands import plan as command
from kubequorum_cli.errors import CommandError, Obstacle, UsageError
from kubequorum_cli.plan import assembly, kinds, make
from kubequorum_cli.target import Target
from tests.kubequorum_cli.emulated import target_in
from tests.kubequorum_cli.plan.recorded import bundle, changes, masters, rolled
from tests.kubequorum_cli.validate.healthy import healthy


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An AWS in which nothing is deployed."""
    with running_emulator(tmp_path_factory.mktemp("plan")) as started:
        yield started


def _write(folder: Path) -> None:
    """A cloud assembly with one stack."""
    properties = {"templateFile": "t.json", "stackTemplateAssetObjectUrl": "s3://assets/t.json"}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT_ID}/{REGION}",
        "properties": properties,
    }
    (folder / "t.json").write_text(json.dumps(masters()), encoding="utf-8")
    (folder / "manifest.json").write_text(
        json.dumps({"artifacts": {"mine-ControlPlane": stack}}), encoding="utf-8"
    )


@pytest.fixture
def target(emulator: Emulator) -> Target:
    """A cluster that is not there yet."""
    return replace(target_in(emulator, "mine"), synthesize=lambda _, output: _write(output))


def test_a_first_deployment(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    """All is made, nothing is refused, and CloudFormation has no shell of a stack afterwards."""
    command.run(target, Path("mine.yaml"), allow=[], as_json=True)
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [(stack["name"], stack["action"]) for stack in printed["stacks"]] == [
        ("mine-ControlPlane", "create")
    ]
    assert [(step["order"], step["slot"], step["action"]) for step in printed["machines"]] == [
        (number, slot, "launch") for number, slot in enumerate("abc", 1)
    ]
    assert (printed["findings"], printed["refused"], printed["changed_keys"]) == ([], [], None)
    assert target.client("cloudformation").describe_stacks()["Stacks"] == []
    command.run(target, Path("mine.yaml"), allow=[], as_json=False)
    shown = capsys.readouterr().out
    assert "3. master c (1 of them): launched" in shown
    assert "Nothing speaks against it" in shown


def test_a_refusal_ends_with_1_and_an_allowed_one_does_not(
    target: Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the finding, and that it was allowed."""
    finding = kinds.STATE_LOST.of("stack", "mine-State/Key", "it would be replaced")
    monkeypatch.setattr("kubequorum_cli.plan.rules.state", lambda _: [finding])
    with pytest.raises(typer.Exit) as ended:
        command.run(target, Path("mine.yaml"), allow=[], as_json=False)
    assert ended.value.exit_code == 1
    shown = capsys.readouterr().out
    assert "REFUSED state-lost  stack mine-State/Key" in shown
    assert "--allow state-lost" in shown
    command.run(target, Path("mine.yaml"), allow=["state-lost"], as_json=False)
    assert "Nothing speaks against it; allowed: state-lost" in capsys.readouterr().out


def test_masters_whose_bundle_is_gone_are_of_unknown_versions(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has emptied the asset bucket: a downgrade cannot be seen, so the plan does not deny it."""
    stack = changes(masters(), masters("m7i.xlarge"), rolled("A"))
    replaced: dict[str, Any] = {
        "plan.change_sets.ask": lambda *_: [stack],
        "plan.bundles.Bundles.wanted": lambda *_: bundle("1.36.3", "3.6.14"),
        "plan.bundles.Bundles.pair": lambda *_: None,
        "plan.reading.fixed_settings": lambda *_: iter(()),
        "validate.collect": lambda _: healthy(),
        "resources.Resources.groups": {},
    }
    for name, value in replaced.items():
        monkeypatch.setattr(f"kubequorum_cli.{name}", value)
    without_kubernetes = replace(target, no_kubernetes=Obstacle(why="none", remedy="none"))
    plan = make(without_kubernetes, Path("mine.yaml"))
    assert (plan.versions.kubernetes_before, plan.versions.kubernetes_after) == ("", "1.36.3")
    assert [(each.id, each.subject.id) for each in plan.findings] == [("unknown", "versions")]
    # Where no launch template changes, masters run what new ones would.
    monkeypatch.setattr("kubequorum_cli.plan.change_sets.ask", lambda *_: [changes(masters(), masters(), [])])
    same = make(without_kubernetes, Path("mine.yaml"))
    assert (same.versions.kubernetes_before, same.findings) == ("1.36.3", [])


def test_wrong_usage(target: Target, tmp_path: Path) -> None:
    """A refusal that does not exist, another cluster's file, no file, no app: each says what to do."""
    with pytest.raises(UsageError, match="--allow everything names no refusal"):
        command.run(target, Path("mine.yaml"), allow=["everything"], as_json=False)
    with pytest.raises(UsageError, match=r"mine\.yaml is not of cluster other"):
        make(replace(target, cluster="other"), Path("mine.yaml"))
    with pytest.raises(UsageError, match="cannot be read"):
        cdk.synthesize(tmp_path / "none.yaml", tmp_path)
    file = tmp_path / "mine.yaml"
    file.touch()
    with pytest.raises(UsageError, match="no CDK app"):
        cdk.synthesize(file, tmp_path, app=tmp_path)


def test_a_synthesis_that_fails_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the end of what the CDK printed; so are a CDK that cannot be run, and another assembly."""
    file = tmp_path / "mine.yaml"
    file.touch()
    (tmp_path / "cdk.json").touch()
    with pytest.raises(CommandError, match="cannot be synthesised") as failed:
        cdk.synthesize(file, tmp_path, app=tmp_path, program=["sh", "-c", "echo zones is wrong; exit 1"])
    assert failed.value.why == "zones is wrong"
    with pytest.raises(CommandError, match="cannot be run"):
        cdk.synthesize(file, tmp_path, app=tmp_path, program=["/nonexistent/cdk"])
    with pytest.raises(CommandError, match="cloud assembly"):
        assembly.read(tmp_path)
    monkeypatch.setattr(cdk, "_LIMIT_SECONDS", 0.2)
    with pytest.raises(CommandError, match="does not end") as slow:
        cdk.synthesize(file, tmp_path, app=tmp_path, program=["sh", "-c", "exec sleep 30"])
    assert "make install" not in slow.value.remedy
