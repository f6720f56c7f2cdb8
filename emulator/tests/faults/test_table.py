"""The table of faults: each entry has what client, checks and command lines are made of."""

import inspect

import pytest

from emulator.control import handlers
from emulator.faults import FAULTS, REQUIRED, Fault, FaultClient
from emulator.machines.nspawn.faults import MachineFaults
from emulator.machines.nspawn.volume_faults import VolumeFaults

OF_MACHINES = [f for f in FAULTS.values() if f.group.needs_machines and f.name != "kill_at_line"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=str)
def test_every_entry_is_complete(fault: Fault) -> None:
    """Fault and arguments have a help text, defaults pass the checks, and the client has the method."""
    assert fault.help.splitlines()[0].endswith(".")
    assert callable(getattr(FaultClient, fault.name))
    for argument in fault.arguments:
        assert argument.help.endswith((".", "…"))
        if argument.default is not REQUIRED:
            argument.check(argument.default)


@pytest.mark.parametrize("fault", OF_MACHINES, ids=str)
def test_machines_take_the_arguments_of_the_table(fault: Fault) -> None:
    """The methods that inject a fault into machines take the arguments that the table declares."""
    name = fault.name.removesuffix("_volume")
    method = getattr(MachineFaults, fault.name, None) or getattr(VolumeFaults, name)
    taken = list(inspect.signature(method).parameters)[1:]
    assert taken == [argument.name for argument in fault.arguments]


def test_a_fault_without_a_handler_is_found_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator does not start with a table that it cannot serve."""
    monkeypatch.setitem(FAULTS, "explode", next(iter(FAULTS.values())))
    with pytest.raises(RuntimeError, match="explode"):
        handlers.check_complete(dict.fromkeys(set(FAULTS) - {"explode"}, print))
