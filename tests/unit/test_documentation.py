"""What the documents name exists: files, headings, commands, events, and what a command asks AWS for."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from kubequorum_node.commands import COMMANDS
from kubequorum_node.kubernetes.credentials import ADMIN_KEY
from kubequorum_node.services import SERVICES
from kubequorum_node.watchdog.diagnosis import Condition
from tests.synthesis import REPOSITORY, synthesise

_RUNBOOK = REPOSITORY / "docs" / "operations"
_EXAMPLES = ("clusters/mine.yaml",)
"""Files that the reader makes."""


@cache
def _tracked(pattern: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", pattern], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout
    return [name for name in listed.split() if (REPOSITORY / name).exists()]


def _documents() -> list[Path]:
    return [REPOSITORY / name for name in _tracked("*.md")]


def _anchors(document: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document: Path) -> None:
    """Each link to a file of this repository has its file, and its heading if it names one."""
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    for link in links:
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_named_source_files_exist(document: Path) -> None:
    """`package/module.py` is the end of a path in this repository, and `package/folder` a folder of it."""
    tracked = _tracked("*")
    paths = {f"/{name}" for name in tracked}
    folders = {f"/{parent}" for name in tracked for parent in Path(name).parents}
    top = {name.partition("/")[0] for name in tracked if "/" in name}
    for name in re.findall(r"`([\w./-]+)`", document.read_text(encoding="utf-8")):
        stem = re.sub(r"^(\.\./)+", "", name).rstrip("/")
        if stem.endswith((".py", ".sh", ".cjs")):
            assert any(path.endswith(f"/{stem}") for path in paths), name
        elif "/" in stem and stem.partition("/")[0] in top and stem not in _EXAMPLES:
            assert f"/{stem}" in paths | folders or (document.parent / stem).exists(), name


@pytest.mark.parametrize("folder", [_RUNBOOK, REPOSITORY / "docs" / "decisions"], ids=lambda path: path.name)
def test_every_page_is_in_its_index(folder: Path) -> None:
    """A page that no index names is not found at night."""
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in folder.glob("*.md")} - {"README.md"}
    assert pages
    assert {page for page in pages if f"]({page})" not in index} == set()


def test_the_runbook_explains_every_event_of_the_watchdog() -> None:
    """All of them, and none that does not exist."""
    reasons = {
        "MasterWell" if condition is Condition.WELL else f"Master{condition.value.title().replace(' ', '')}"
        for condition in Condition
    }
    table = (_RUNBOOK / "unwell-master.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(Master\w+)`", table, re.MULTILINE)) == reasons
    for page in _RUNBOOK.glob("*.md"):
        assert set(re.findall(r"\bMaster[A-Z][a-z]\w+", page.read_text(encoding="utf-8"))) <= reasons, page


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_make_targets_and_commands_exist(document: Path) -> None:
    """`make x` is a target, and `./kubequorum x` a command."""
    from development.app import build_app

    text = document.read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z][a-z-]*)", text, re.MULTILINE))
    assert named <= targets
    app = build_app()
    commands = {
        command.name or command.callback.__name__.replace("_", "-")
        for command in app.registered_commands
        if command.callback
    }
    commands |= {str(group.name) for group in app.registered_groups}
    assert set(re.findall(r"\./kubequorum ([a-z]+(?:-[a-z]+)*)", text)) <= commands


def test_commands_and_services_of_the_node_program_exist() -> None:
    """`kubequorum-node x` is a command, and `kubequorum-x.service` or `.timer` belongs to a service."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in _documents())
    commands = set(re.findall(r"`kubequorum-node ([a-z][a-z-]+)", text))
    assert commands
    assert commands <= set(COMMANDS)
    units = set(re.findall(r"\b(kubequorum-[a-z-]+)\.(?:service|timer)", text))
    assert units
    assert units <= {service.unit for service in SERVICES}


def test_the_documented_way_to_a_kubeconfig_leads_to_it() -> None:
    """One command: the output that it reads is the bucket's, and the key is where masters publish."""
    text = (REPOSITORY / "docs" / "operations" / "access.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"aws s3 cp s3://\$\(.*?\)(?=/)\S+ \S+", text, re.DOTALL)
    (stack,) = re.findall(r"--stack-name mine-(\w+)", command)
    (output,) = re.findall(r"OutputKey=='(\w+)'", command)
    template = synthesise("ha").templates[stack]
    value = template["Outputs"][output]["Value"]["Fn::GetAtt"]
    assert template["Resources"][value[0]]["Type"] == "AWS::S3::Bucket"
    assert value[1] == "Arn"
    # The sixth part of arn:aws:s3:::name is the name.
    assert "cut -d: -f6" in command
    assert f")/{ADMIN_KEY} " in command
