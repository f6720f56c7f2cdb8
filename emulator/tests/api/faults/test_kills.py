"""Which new machines are prepared for a kill, and when a kill is over."""

from emulator.api.faults.kills import Kills
from emulator.api.faults.switches import Switches


def _all(switches: Switches) -> list[str]:
    return [entry.switch_id for entry in switches.all()]


def test_a_kill_is_on_until_it_has_happened() -> None:
    """One machine at a time is prepared for one kill; when it is gone without one, the next is."""
    switches = Switches()
    kills = Kills(switches)
    switch = kills.add(line="mounted", zone=None, times=1)
    assert kills.of_new_machine("i-1", "a") == {switch: "mounted"}
    assert kills.of_new_machine("i-2", "b") == {}
    kills.settle({(switch, "i-1"): False})
    assert kills.of_new_machine("i-3", "a") == {}
    kills.settle({})
    assert kills.of_new_machine("i-4", "a") == {switch: "mounted"}
    assert _all(switches) == [switch]
    kills.settle({(switch, "i-4"): True})
    assert _all(switches) == []
    assert kills.of_new_machine("i-5", "a") == {}


def test_several_kills() -> None:
    """A machine is prepared for all that are meant for its zone; twice means two machines."""
    switches = Switches()
    kills = Kills(switches)
    first = kills.add(line="one", zone="a", times=2)
    second = kills.add(line="two", zone=None, times=None)
    kills.add(line="three", zone="b", times=1)
    for name in ("i-1", "i-2"):
        assert kills.of_new_machine(name, "a") == {first: "one", second: "two"}
    assert kills.of_new_machine("i-3", "a") == {second: "two"}
    kills.settle({(first, "i-1"): True, (first, "i-2"): False, (second, "i-1"): True})
    assert [(entry.switch_id, entry.used) for entry in switches.all()][:2] == [(first, 1), (second, 1)]


def test_a_kill_that_was_removed() -> None:
    """Nothing more is prepared for it, and what still happens counts no more."""
    switches = Switches()
    kills = Kills(switches)
    switch = kills.add(line="one", zone=None, times=2)
    kills.of_new_machine("i-1", "a")
    switches.remove(switch)
    assert kills.of_new_machine("i-2", "a") == {}
    kills.settle({(switch, "i-1"): True})
    assert _all(switches) == []
