"""Which new machines are prepared for a kill, and when a kill is over."""

from emulator.faults.kills import Kills
from emulator.faults.store import ActiveFaults


def _all(active_faults: ActiveFaults) -> list[str]:
    return [entry.fault_id for entry in active_faults.all()]


def test_a_kill_is_on_until_it_has_happened() -> None:
    """One machine at a time is prepared for one kill; when it is gone without one, the next is."""
    active_faults = ActiveFaults()
    kills = Kills(active_faults)
    fault = kills.add(line="mounted", zone=None, times=1)
    assert kills.of_new_machine("i-1", "a") == {fault: "mounted"}
    assert kills.of_new_machine("i-2", "b") == {}
    kills.settle({(fault, "i-1"): False})
    assert kills.of_new_machine("i-3", "a") == {}
    kills.settle({})
    assert kills.of_new_machine("i-4", "a") == {fault: "mounted"}
    assert _all(active_faults) == [fault]
    kills.settle({(fault, "i-4"): True})
    assert _all(active_faults) == []
    assert kills.of_new_machine("i-5", "a") == {}


def test_several_kills() -> None:
    """A machine is prepared for all kills of its zone; twice means two machines."""
    active_faults = ActiveFaults()
    kills = Kills(active_faults)
    first = kills.add(line="one", zone="a", times=2)
    second = kills.add(line="two", zone=None, times=None)
    kills.add(line="three", zone="b", times=1)
    for name in ("i-1", "i-2"):
        assert kills.of_new_machine(name, "a") == {first: "one", second: "two"}
    assert kills.of_new_machine("i-3", "a") == {second: "two"}
    kills.settle({(first, "i-1"): True, (first, "i-2"): False, (second, "i-1"): True})
    assert [(entry.fault_id, entry.used) for entry in active_faults.all()][:2] == [(first, 1), (second, 1)]


def test_a_kill_that_was_cleared() -> None:
    """No more machines are prepared, and what still happens is not counted."""
    active_faults = ActiveFaults()
    kills = Kills(active_faults)
    fault = kills.add(line="one", zone=None, times=2)
    kills.of_new_machine("i-1", "a")
    active_faults.clear(fault)
    assert kills.of_new_machine("i-2", "a") == {}
    kills.settle({(fault, "i-1"): True})
    assert _all(active_faults) == []
