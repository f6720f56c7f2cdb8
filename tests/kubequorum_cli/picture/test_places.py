"""Where instances are drawn: none jumps."""

from hypothesis import given
from hypothesis import strategies as st

from kubequorum_cli.picture.places import Places


def test_a_place_is_kept_and_a_free_one_is_used_again() -> None:
    """Whatever the order in which AWS lists them."""
    places = Places()
    assert places.assign("general", ["a", "b", "c"]) == {"a": 0, "b": 1, "c": 2}
    assert places.assign("general", ["c", "a"]) == {"a": 0, "c": 2}
    assert places.assign("general", ["d", "c", "a", "e"]) == {"a": 0, "c": 2, "d": 1, "e": 3}
    assert places.assign("batch", ["c"]) == {"c": 0}


@given(st.lists(st.sets(st.sampled_from("abcdefgh")), max_size=12))
def test_no_two_share_a_place_and_none_moves(looks: list[set[str]]) -> None:
    """Over any sequence of looks."""
    places, before = Places(), dict[str, int]()
    for look in looks:
        now = dict(places.assign("row", sorted(look)))
        assert set(now) == look
        assert len(set(now.values())) == len(now)
        assert all(now[id_] == place for id_, place in before.items() if id_ in now)
        before = now
