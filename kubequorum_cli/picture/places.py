"""Where instances are drawn: each keeps its place as long as it is there."""

from collections.abc import Iterable, Mapping


class Places:
    """The places that were given in each row; a row is, for example, a group in a zone."""

    def __init__(self) -> None:
        self._taken: dict[str, dict[str, int]] = {}

    def assign(self, row: str, ids: Iterable[str]) -> Mapping[str, int]:
        """The places of all that are in a row now, from 0.

        Who had a place keeps it. A new one gets the lowest that is free, in the order of `ids`. The places of
        those that are gone are free from now on.
        """
        ids = list(ids)
        places = {id_: place for id_, place in self._taken.get(row, {}).items() if id_ in ids}
        for id_ in ids:
            if id_ not in places:
                taken = set(places.values())
                places[id_] = next(place for place in range(len(taken) + 1) if place not in taken)
        self._taken[row] = places
        return places
