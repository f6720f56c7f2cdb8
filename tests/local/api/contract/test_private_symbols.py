"""ministack's private symbols are what our declarations say."""

import importlib
import pkgutil

import pytest

import local.api
from local.api import patches


def _load_all() -> list[patches.PrivateSymbol]:
    for module in pkgutil.walk_packages(local.api.__path__, "local.api."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return patches.declared()


@pytest.mark.parametrize("symbol", _load_all(), ids=lambda symbol: symbol.name)
def test_symbol_is_as_declared(symbol: patches.PrivateSymbol) -> None:
    """The symbol exists in the pinned ministack and takes the parameters that our code relies on."""
    symbol.check()
