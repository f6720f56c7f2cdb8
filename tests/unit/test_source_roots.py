"""constructs/ shares its name with the pip package `constructs`: neither may hide the other."""

import re
import subprocess
import sys

import constructs

from tests.synthesis import REPOSITORY


def test_the_pip_package_is_what_import_constructs_finds() -> None:
    """`import constructs` is the CDK's base library."""
    assert "site-packages" in str(constructs.__file__)
    assert not (REPOSITORY / "constructs" / "__init__.py").exists()


def test_nobody_imports_a_second_copy() -> None:
    """`constructs.kubequorum` would be another copy of every class; no module says it."""
    pattern = re.compile(r"^\s*(from|import)\s+constructs\.kubequorum", re.MULTILINE)
    tracked = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split()
    assert [name for name in tracked if pattern.search((REPOSITORY / name).read_text(encoding="utf-8"))] == []


def test_dependencies_point_one_way() -> None:
    """userdata/ knows nothing of the constructs, and emulator/ and lab/ know AWS only."""
    program = (
        "import sys; sys.path[:0] = ['constructs', 'userdata', '.'];"
        "import kubequorum_node.__main__;"
        "print([m for m in sys.modules if m.split('.')[0] in ('kubequorum', 'stacks', 'aws_cdk', 'lab')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"
    pattern = re.compile(r"^\s*(from|import)\s+(kubequorum|kubequorum_node|stacks)\b", re.MULTILINE)
    sources = [path for folder in ("emulator", "lab") for path in (REPOSITORY / folder).rglob("*.py")]
    assert [str(p) for p in sources if pattern.search(p.read_text(encoding="utf-8"))] == []


def test_constructs_know_nothing_of_stacks_and_of_the_node_program_its_contracts_only() -> None:
    """The two modules that say what the node program reads; what it does with that is its own business."""
    pattern = re.compile(
        r"^\s*(?:from|import)\s+((?:stacks|lab|emulator|tests|kubequorum_node)\b[\w.]*)", re.MULTILINE
    )
    sources = (REPOSITORY / "constructs").rglob("*.py")
    found = {module for path in sources for module in pattern.findall(path.read_text(encoding="utf-8"))}
    assert found == {"kubequorum_node.config", "kubequorum_node.document"}
