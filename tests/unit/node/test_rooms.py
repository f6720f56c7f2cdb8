"""The packages of the node program: what each may import, and that each says what belongs in it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.synthesis import REPOSITORY

PROGRAM = REPOSITORY / "userdata" / "kubequorum_node"
ORDER = (
    ("errors", "log"),
    ("clock", "config", "document", "host"),
    ("aws",),
    ("node",),
    ("step", "system", "kubeadm"),
    ("volume",),
    ("etcd",),
    ("repair",),
    ("kubernetes",),
    ("boot", "termination", "watchdog"),
    ("commands",),
    ("__main__",),
)
"""Packages, and the modules beside them. Each may import those of the rows before its own, and no others."""
ROW = {room: row for row, rooms in enumerate(ORDER) for room in rooms}


def _modules() -> list[Path]:
    return sorted(path for path in PROGRAM.rglob("*.py") if path != PROGRAM / "__init__.py")


def _room(module: Path) -> str:
    return module.relative_to(PROGRAM).parts[0].removesuffix(".py")


def _imported(module: Path) -> Iterator[str]:
    """Rooms that a module imports from, inside functions, too."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                imported = [name.name for name in names]
            case ast.ImportFrom(module="kubequorum_node", level=0, names=names):
                imported = [f"kubequorum_node.{name.name}" for name in names]
            case ast.ImportFrom(module=str(source), level=0):
                imported = [source]
            case ast.ImportFrom():
                pytest.fail(f"{module}, line {node.lineno}: a relative import, which this test cannot follow")
            case _:
                continue
        for name in imported:
            program, _, rest = name.partition(".")
            if program == "kubequorum_node":
                yield rest.partition(".")[0]


def test_every_room_has_its_place() -> None:
    """A new package has to be put into the order; one that is gone has to leave it."""
    assert {_room(module) for module in _modules()} == set(ROW)


@pytest.mark.parametrize("room", ROW)
def test_dependencies_between_rooms_go_one_way(room: str) -> None:
    """No room imports one of its own row or of a later one: there is no cycle between them."""
    wrong = {
        f"{module.relative_to(PROGRAM)} imports {imported}"
        for module in _modules()
        if _room(module) == room
        for imported in _imported(module)
        if imported != room and ROW[imported] >= ROW[room]
    }
    assert not wrong


def test_the_order_is_seen_in_the_imports() -> None:
    """That the test above finds nothing is not because it finds no imports: most rows need the one before."""
    found = {(_room(module), imported) for module in _modules() for imported in _imported(module)}
    for pair in (("aws", "errors"), ("volume", "kubeadm"), ("repair", "etcd"), ("__main__", "commands")):
        assert pair in found


@pytest.mark.parametrize("package", sorted(path.parent.name for path in PROGRAM.glob("*/__init__.py")))
def test_every_package_says_what_belongs_in_it(package: str) -> None:
    """Its docstring says so, and there is nothing else in it: modules are imported from where they are."""
    (docstring,) = ast.parse((PROGRAM / package / "__init__.py").read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    assert len(str(docstring.value.value)) > 40
    assert len(list((PROGRAM / package).glob("*.py"))) > 1
