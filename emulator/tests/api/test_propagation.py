"""Values before changes that are under way."""

from emulator.api.propagation import Propagation


class Clock:
    """Time that passes only when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The present moment."""
        return self.now


def test_the_old_value_is_in_effect_until_the_change_has_arrived() -> None:
    """Of each key by itself; what never changed is in effect as it is."""
    clock = Clock()
    values = Propagation[str, str | None](lambda: 60.0, clock=clock)
    values.changed("new", before=None)
    assert (values.in_effect("new", "there"), values.in_effect("old", "there")) == (None, "there")
    assert values.remaining("new") == 60
    clock.now += 60
    assert values.in_effect("new", "there") == "there"
    assert (values.remaining("new"), values.under_way()) == (0, [])


def test_several_changes_arrive_one_after_the_other() -> None:
    """Each as long after it was made: in between, the value between them is in effect."""
    clock = Clock()
    values = Propagation[str, int](lambda: 60.0, clock=clock)
    values.changed("key", before=1)
    clock.now += 20
    values.changed("key", before=2)
    assert values.in_effect("key", 3) == 1
    clock.now += 45
    assert values.in_effect("key", 3) == 2
    assert values.under_way() == ["key"]
    clock.now += 20
    assert values.in_effect("key", 3) == 3


def test_what_takes_no_time_is_in_effect_at_once() -> None:
    """As with the times of `quick`."""
    values = Propagation[str, int](lambda: 0.0)
    values.changed("key", before=1)
    assert values.in_effect("key", 2) == 2
