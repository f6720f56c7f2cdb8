"""The pinned CDK command line and Node."""

import json
import re
from pathlib import Path

import pytest

from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from lab import toolchain
from lab.settings import CHECKOUT


def test_the_locks_pin_what_the_project_names() -> None:
    """Exact versions with checksums, the CDK's and those of Node for four kinds of machine; no registry."""
    cdk = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    wanted = json.loads((CHECKOUT / "package.json").read_text())["dependencies"]["aws-cdk"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", wanted)
    assert cdk["node_modules/aws-cdk"]["version"] == wanted
    node = json.loads((CHECKOUT / "lab/node22/package-lock.json").read_text())["packages"]
    platforms = {name.removeprefix("node_modules/") for name in node if name}
    assert platforms == {
        f"node-{system}-{arch}" for system in ("linux", "darwin") for arch in ("x64", "arm64")
    }
    for name, package in [*cdk.items(), *node.items()]:
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name


@pytest.mark.parametrize(("installed", "current"), [("1.2.3", True), ("1.2.4", False), (None, False)])
def test_an_install_is_current_only_in_the_locked_version(
    tmp_path: Path, installed: str | None, current: bool
) -> None:
    """Another version or an incomplete installation is replaced."""
    lock = {"packages": {"node_modules/tool": {"version": "1.2.3"}}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    if installed is not None:
        package = tmp_path / "node_modules" / "tool" / "package.json"
        package.parent.mkdir(parents=True)
        package.write_text(json.dumps({"version": installed}))
    assert toolchain._is_current(tmp_path, "tool") is current


def test_without_npm_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without npm and Node there is an explanation, not a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(toolchain, "_is_current", lambda _folder, _package: False)
    with pytest.raises(CommandError) as raised:
        toolchain.ensure(Progress())
    assert "no npm" in raised.value.why
    assert "apt-get install" in raised.value.remedy


@pytest.mark.parametrize(("version", "used"), [("v20.20.2", False), ("v22.1.0", True), ("v24.0.0", True)])
def test_the_machines_node_is_used_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    """Node 22 or newer is used; an older one is not."""
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain._machine_node() == (node if used else None)


def test_an_install_is_complete_only_with_every_package_of_the_lock(tmp_path: Path) -> None:
    """One that the lock file has gained is installed, although the CDK is there."""
    packages = {"": {}, "node_modules/one": {"version": "1.0.0"}, "node_modules/two": {"version": "2.0.0"}}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    for name, version in (("one", "1.0.0"), ("two", "2.0.0")):
        assert not toolchain._is_complete(tmp_path)
        package = tmp_path / "node_modules" / name / "package.json"
        package.parent.mkdir(parents=True)
        package.write_text(json.dumps({"version": version}))
    assert toolchain._is_complete(tmp_path)
