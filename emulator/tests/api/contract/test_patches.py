"""The patch registry itself: what it replaces, refuses and restores."""

import re
from collections.abc import Iterator

import pytest
from ministack.services import autoscaling

from emulator.api import patches


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    patches.restore_all()


def _symbol(attribute: str, **kwargs: object) -> patches.PrivateSymbol:
    fields = {
        "module": "ministack.services.autoscaling",
        "parameters": None,
        "items": {},
        "why": "a test",
        **kwargs,
    }
    return patches.PrivateSymbol(attribute=attribute, **fields)  # type: ignore[arg-type]


def test_replace_and_restore() -> None:
    """A replacement is seen by ministack, and restore_all brings the original back."""
    original = autoscaling._p
    symbol = _symbol("_p")
    returned = symbol.replace(lambda *_: "ours")
    assert returned is original
    assert autoscaling._p() == "ours"
    patches.restore_all()
    assert autoscaling._p is original


def test_replace_reaches_by_name_imports() -> None:
    """A function that another ministack module imported by name is replaced there, too."""
    from ministack.services.cloudformation import provisioners, stacks

    symbol = patches.PrivateSymbol(
        module=provisioners.__name__, attribute="_provision_resource", parameters=None, why="a test"
    )

    def ours() -> None: ...

    symbol.replace(ours)
    assert stacks._provision_resource is ours


def test_vanished_symbol_is_named() -> None:
    """A symbol that ministack does not have is reported with its name and the reason for its use."""
    with pytest.raises(patches.ContractError, match=r"autoscaling\._not_there is gone .* a test"):
        _symbol("_not_there").check()


def test_changed_parameters_are_named() -> None:
    """A changed signature is reported with both lists, also after the symbol was replaced."""
    symbol = _symbol("_p", parameters=("other",))
    with pytest.raises(patches.ContractError, match=re.escape("not (other)")):
        symbol.check()
    with pytest.raises(patches.ContractError):
        symbol.replace(lambda other: other)


def test_check_looks_at_the_pristine_symbol() -> None:
    """A replaced symbol is still compared as ministack ships it."""
    import inspect

    found = tuple(inspect.signature(autoscaling._p).parameters)
    symbol = _symbol("_p", parameters=found)
    symbol.replace(lambda nothing: nothing)
    symbol.check()


def test_handler_tables() -> None:
    """Handlers are replaced only when declared, and added only when ministack lacks them."""
    table = _symbol("_ACTION_MAP", items={"CreateAutoScalingGroup": None})
    before = dict(autoscaling._ACTION_MAP)
    with pytest.raises(patches.ContractError, match="not declared"):
        table.replace_item("DescribeAutoScalingGroups", print)
    with pytest.raises(patches.ContractError, match="exists in ministack"):
        table.add_item("CreateAutoScalingGroup", print)
    assert table.replace_item("CreateAutoScalingGroup", print) is before["CreateAutoScalingGroup"]
    table.add_item("Invented", print)
    patches.restore_all()
    assert before == autoscaling._ACTION_MAP
