"""The example's pictures, as tests look at them, and the time at which they do."""

from datetime import UTC, datetime

from development.diagrams import example
from kubequorum_cli.picture.compose import compose
from kubequorum_cli.picture.model import Instance, Picture, Slot
from kubequorum_cli.picture.observation import Observation
from kubequorum_cli.picture.places import Places


def picture(*observations: Observation) -> Picture:
    """What is drawn after these looks, one after the other."""
    places = Places()
    return [compose(observation, places) for observation in observations][-1]


WELL = picture(example.well())
MASTER_DEAD = picture(example.well(), example.master_dead())
WITHOUT_KUBERNETES = picture(example.without_kubernetes())


def slot(shown: Picture, name: str) -> Slot:
    """One slot."""
    return next(each for each in shown.slots if each.slot == name)


def instance(shown: Picture, id_: str) -> Instance:
    """One instance, of a master or a worker."""
    masters = [each for slot in shown.slots for each in slot.instances]
    workers = [each for group in shown.worker_groups for each in group.instances]
    return next(each for each in [*masters, *workers] if each.id == id_)


BEGIN = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)


class Clock:
    """One that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        """The time."""
        return self.now
