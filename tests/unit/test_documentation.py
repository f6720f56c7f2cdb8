"""What the documents name is there: files, headings, targets of make, and what a command asks AWS for."""

import re
import subprocess
from pathlib import Path

import pytest

from kubequorum_node.kubernetes.credentials import ADMIN_KEY
from tests.synthesis import REPOSITORY, synthesise


def _documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout
    return [REPOSITORY / name for name in listed.split()]


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
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    commands |= {str(group.name) for group in app.registered_groups}
    assert set(re.findall(r"\./kubequorum ([a-z]+)", text)) <= commands


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
