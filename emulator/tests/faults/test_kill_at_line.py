"""Which new machines are prepared for a kill, and when a kill is over."""

from emulator.faults.kill_at_line import KillAtLineFaults
from emulator.faults.store import ActiveFaults


def _all(active_faults: ActiveFaults) -> list[str]:
    return [entry.fault_id for entry in active_faults.all()]


def test_a_kill_is_on_until_it_has_happened() -> None:
    """One machine at a time is prepared for one kill; when it is gone without one, the next is."""
    active_faults = ActiveFaults()
    kill_at_line = KillAtLineFaults(active_faults)
    fault = kill_at_line.add(line="mounted", zone=None, times=1)
    assert kill_at_line.of_new_machine("i-1", "a") == {fault: "mounted"}
    assert kill_at_line.of_new_machine("i-2", "b") == {}
    kill_at_line.settle({(fault, "i-1"): False})
    assert kill_at_line.of_new_machine("i-3", "a") == {}
    kill_at_line.settle({})
    assert kill_at_line.of_new_machine("i-4", "a") == {fault: "mounted"}
    assert _all(active_faults) == [fault]
    kill_at_line.settle({(fault, "i-4"): True})
    assert _all(active_faults) == []
    assert kill_at_line.of_new_machine("i-5", "a") == {}


def test_several_kills() -> None:
    """A machine is prepared for all kills of its zone; twice means two machines."""
    active_faults = ActiveFaults()
    kill_at_line = KillAtLineFaults(active_faults)
    first = kill_at_line.add(line="one", zone="a", times=2)
    second = kill_at_line.add(line="two", zone=None, times=None)
    kill_at_line.add(line="three", zone="b", times=1)
    for name in ("i-1", "i-2"):
        assert kill_at_line.of_new_machine(name, "a") == {first: "one", second: "two"}
    assert kill_at_line.of_new_machine("i-3", "a") == {second: "two"}
    kill_at_line.settle({(first, "i-1"): True, (first, "i-2"): False, (second, "i-1"): True})
    assert [(entry.fault_id, entry.used) for entry in active_faults.all()][:2] == [(first, 1), (second, 1)]


def test_a_kill_that_was_cleared() -> None:
    """No more machines are prepared, and what still happens is not counted."""
    active_faults = ActiveFaults()
    kill_at_line = KillAtLineFaults(active_faults)
    fault = kill_at_line.add(line="one", zone=None, times=2)
    kill_at_line.of_new_machine("i-1", "a")
    active_faults.clear(fault)
    assert kill_at_line.of_new_machine("i-2", "a") == {}
    kill_at_line.settle({(fault, "i-1"): True})
    assert _all(active_faults) == []
