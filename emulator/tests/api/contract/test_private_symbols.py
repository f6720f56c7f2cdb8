"""ministack's private symbols are what our declarations say."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import emulator.api
from emulator.api import patches


def _load_all() -> list[patches.PrivateSymbol]:
    for module in pkgutil.walk_packages(emulator.api.__path__, "emulator.api."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return patches.declared()


@pytest.mark.parametrize("symbol", _load_all(), ids=lambda symbol: symbol.name)
def test_symbol_is_as_declared(symbol: patches.PrivateSymbol) -> None:
    """The symbol exists in the pinned ministack and takes the parameters that our code relies on."""
    symbol.check()


def _private_uses(source: str) -> list[str]:
    """Private names of ministack that a source imports, or takes from a module that it imported."""
    tree = ast.parse(source)
    modules: set[str] = set()
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ministack":
            found += [f"{node.module}.{name.name}" for name in node.names if name.name.startswith("_")]
            modules |= {name.asname or name.name for name in node.names}
        elif isinstance(node, ast.Import):
            modules |= {
                (n.asname or n.name).split(".")[0] for n in node.names if n.name.startswith("ministack")
            }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            root: ast.expr = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in modules:
                found.append(ast.unparse(node))
    return found


def test_the_registry_is_the_only_door() -> None:
    """No module takes a private symbol of ministack past `patches`, where no contract would hold on to it."""
    sources = Path(emulator.api.__path__[0]).rglob("*.py")
    uses = {path.name: _private_uses(path.read_text(encoding="utf-8")) for path in sources}
    assert {name: found for name, found in uses.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from ministack.services.ec2 import _volumes", ["ministack.services.ec2._volumes"]),
        ("from ministack.services import ec2 as e\ne._volumes.clear()", ["e._volumes"]),
        ("import ministack.app\nministack.app._get_module('s3')", ["ministack.app._get_module"]),
        ("from ministack.core.responses import get_region\nget_region()", []),
    ],
)
def test_another_door_would_be_found(source: str, found: list[str]) -> None:
    """The check above can fail."""
    assert _private_uses(source) == found
