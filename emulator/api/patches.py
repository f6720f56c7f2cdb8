"""The only door to ministack's private symbols.

ministack promises nothing about them. A module that uses or replaces one declares it
here first, with the parameters that the code relies on; one contract test
walks `declared()` and names each symbol that has vanished or changed. So an
upgrade of ministack fails in one readable place, not somewhere in a deploy.

    _ATTACH = declare("ministack.services.ec2", "_ACTION_MAP", items={"AttachVolume": ("p",)}, why="…")
    original = _ATTACH.item("AttachVolume")
    _ATTACH.replace_item("AttachVolume", checked_attach)
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

ANY_PARAMETERS: None = None
"""For a symbol that is not a function, or whose parameters do not matter."""

_MISSING = object()


class ContractError(RuntimeError):
    """A private symbol of ministack is not what its declaration says."""


@dataclass(frozen=True, kw_only=True)
class PrivateSymbol:
    """One private symbol of ministack, and what is relied on."""

    module: str
    attribute: str
    """May be dotted, for an attribute of a class."""
    parameters: tuple[str, ...] | None
    """Names of its parameters in order, or ANY_PARAMETERS."""
    items: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """For a table of handlers: the keys that must exist, with their handlers' parameters."""
    why: str

    @property
    def name(self) -> str:
        """The full name, as shown in messages and test ids."""
        return f"{self.module}.{self.attribute}"

    def get(self) -> Any:
        """Return the symbol as it is now, patched or not.

        Raises:
            ContractError: it does not exist.
        """
        owner = importlib.import_module(self.module)
        try:
            return reduce(getattr, self.attribute.split("."), owner)
        except AttributeError:
            raise ContractError(
                f"{self.name} is gone from ministack; it is used because: {self.why}"
            ) from None

    def replace(self, new: Any) -> Any:
        """Put `new` in its place, also where ministack imported it by name; returns the old one."""
        self.check()
        old = self.get()
        owner_name, _, last = self.attribute.rpartition(".")
        module = importlib.import_module(self.module)
        owner = reduce(getattr, owner_name.split("."), module) if owner_name else module
        _set(owner, last, new)
        if not owner_name and callable(old):
            for other in [m for n, m in list(sys.modules.items()) if n.partition(".")[0] == "ministack"]:
                for name, value in list(vars(other).items()):
                    if value is old:
                        _set(other, name, new)
        return old

    def item(self, key: str) -> Any:
        """Return the handler under `key` as it is now.

        Raises:
            ContractError: there is none.
        """
        value = self.get().get(key, _MISSING)
        if value is _MISSING:
            raise ContractError(
                f"{self.name}[{key!r}] is gone from ministack; it is used because: {self.why}"
            )
        return value

    def replace_item(self, key: str, new: Any) -> Any:
        """Put `new` under a declared key of the table; returns the old one."""
        if key not in self.items:
            raise ContractError(f"{self.name}[{key!r}] is replaced but not declared; add it to `items`")
        self.check()
        old = self.item(key)
        _set_item(self.get(), key, new)
        return old

    def add_item(self, key: str, new: Any) -> None:
        """Add a handler that ministack lacks.

        Raises:
            ContractError: ministack has it by now; then declare it and decide which of the two to keep.
        """
        table = self.get()
        if key in table:
            raise ContractError(
                f"{self.name}[{key!r}] exists in ministack: use replace_item, or drop our own"
            )
        _set_item(table, key, new)

    def set_item(self, key: str, new: Any) -> None:
        """Put an entry into a table whose entries are ours to decide, whether ministack has one or not."""
        _set_item(self.get(), key, new)

    def check(self) -> None:
        """Compare the pristine symbol with the declaration.

        Raises:
            ContractError: it is gone, or its parameters changed.
        """
        _check_parameters(self.name, _pristine(self), self.parameters, self.why)
        for key, parameters in self.items.items():
            _check_parameters(f"{self.name}[{key!r}]", _pristine_item(self, key), parameters, self.why)


_declared: dict[tuple[str, str], list[PrivateSymbol]] = {}
_undo: list[Callable[[], None]] = []
_originals: dict[tuple[int, str], Any] = {}


def declare(
    module: str,
    attribute: str,
    *,
    parameters: tuple[str, ...] | None = ANY_PARAMETERS,
    items: Mapping[str, tuple[str, ...] | None] | None = None,
    why: str,
) -> PrivateSymbol:
    """Register a private symbol; call it at the top of the module that uses it."""
    symbol = PrivateSymbol(
        module=module, attribute=attribute, parameters=parameters, items=dict(items or {}), why=why
    )
    _declared.setdefault((module, attribute), []).append(symbol)
    return symbol


def declared() -> list[PrivateSymbol]:
    """Every declaration so far, ordered by name."""
    return [symbol for key in sorted(_declared) for symbol in _declared[key]]


def restore_all() -> None:
    """Undo every replacement, last first: for tests that patch in their own process."""
    while _undo:
        _undo.pop()()
    _originals.clear()


def _set(owner: Any, name: str, new: Any) -> None:
    old = getattr(owner, name)
    _originals.setdefault((id(owner), name), old)
    _undo.append(lambda: setattr(owner, name, old))
    setattr(owner, name, new)


def _set_item(table: dict[str, Any], key: str, new: Any) -> None:
    old = table.get(key, _MISSING)
    _originals.setdefault((id(table), key), old)

    def undo() -> None:
        if old is _MISSING:
            table.pop(key, None)
        else:
            table[key] = old

    _undo.append(undo)
    table[key] = new


def _pristine(symbol: PrivateSymbol) -> Any:
    owner_name, _, last = symbol.attribute.rpartition(".")
    module = importlib.import_module(symbol.module)
    current = symbol.get()
    owner = reduce(getattr, owner_name.split("."), module) if owner_name else module
    return _originals.get((id(owner), last), current)


def _pristine_item(symbol: PrivateSymbol, key: str) -> Any:
    original = _originals.get((id(symbol.get()), key), _MISSING)
    return symbol.item(key) if original is _MISSING else original


def _check_parameters(name: str, value: Any, expected: tuple[str, ...] | None, why: str) -> None:
    if expected is None:
        return
    found = tuple(inspect.signature(value).parameters)
    if found != expected:
        raise ContractError(
            f"{name} takes ({', '.join(found)}) in this ministack, not ({', '.join(expected)}); "
            f"adapt the code that uses it because: {why}"
        )
