"""constructs/ shares its name with the pip package `constructs`: neither may hide the other."""

import re

import constructs

from tests.synthesis import REPOSITORY


def test_the_pip_package_is_what_import_constructs_finds() -> None:
    """`import constructs` is the CDK's base library."""
    assert "site-packages" in str(constructs.__file__)
    assert not (REPOSITORY / "constructs" / "__init__.py").exists()


def test_constructs_know_only_the_contracts_of_the_node_program() -> None:
    """Two modules define what the node program reads. Import contracts cannot name all others but these."""
    pattern = re.compile(r"^\s*(?:from|import)\s+(kubequorum_node\b[\w.]*)", re.MULTILINE)
    sources = (REPOSITORY / "constructs").rglob("*.py")
    found = {module for path in sources for module in pattern.findall(path.read_text(encoding="utf-8"))}
    assert found == {"kubequorum_node.config", "kubequorum_node.document"}
