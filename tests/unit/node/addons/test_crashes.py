"""Masters that die, that see different sets, or lose the API in the middle: the next turn makes it right."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from kubequorum_node import addons
from kubequorum_node.addons.decision import LOOK_SECONDS
from kubequorum_node.addons.inventory import State
from kubequorum_node.addons.wanted import Wanted
from kubequorum_node.kubernetes import object_client
from kubequorum_node.kubernetes.api_connection import Request
from kubequorum_node.kubernetes.api_errors import UnavailableError
from tests.unit.node.addons.masters import (
    Master,
    addon,
    custom,
    definition,
    deployment,
    inventory,
    namespace,
    service,
    unlisted,
    wanted,
)
from tests.unit.node.simulation.kubernetes import Cluster

OLD = wanted(
    addon("one", namespace("apps"), deployment("web"), service("old")),
    addon("gone", service("leftover")),
    written=1.0,
)
NEW = wanted(
    addon(
        "one", namespace("apps"), definition("Thing"), custom("Thing", "t"), deployment("web", image="app:2")
    ),
    addon("two", service("new"), needs=("one",)),
    written=2.0,
)
_TRACED = {str(path) for path in Path(next(iter(addons.__path__))).glob("*.py")} | {
    str(object_client.__file__)
}


class KilledError(BaseException):
    """The master loses power."""


def _assert_is(cluster: Cluster, which: Wanted) -> None:
    """The cluster has what a set wants and nothing else, and all of it is in the inventories."""
    for kind in ("Deployment", "Service", "Thing"):
        names = {
            each["metadata"]["name"]
            for one in which.addons.addons
            for each in one.objects
            if each["kind"] == kind
        }
        assert cluster.names(kind) == names, kind
    (web,) = (each for one in which.addons.addons for each in one.objects if each["kind"] == "Deployment")
    assert cluster.find("Deployment", "web")["spec"]["template"] == web["spec"]["template"]
    left_to_people = {"CustomResourceDefinition things.example.com"}
    assert unlisted(cluster) <= left_to_people
    for one in which.addons.addons:
        found = inventory(cluster, one.name)
        assert (found.state, found.generation) == (State.READY, one.generation)


def _with_old_set() -> Cluster:
    cluster = Cluster()
    Master(cluster).until_ready(OLD)
    return cluster


Place = tuple[str, int]
"""File and line."""


def _traced(work: Callable[[], object], at_line: Callable[[Place], None]) -> bool:
    """Run something, and hear of each line of the code under test before it runs; False if it was killed."""

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in _TRACED:
            return None
        if event == "line":
            at_line((frame.f_code.co_filename, frame.f_lineno))
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KilledError:
        return False
    finally:
        sys.settrace(previous)
    return True


def _lines_of_an_update() -> list[Place]:
    lines: list[Place] = []
    master = Master(_with_old_set())
    assert _traced(lambda: master.until_ready(NEW), lines.append)
    return lines


def test_a_master_may_die_at_any_line() -> None:
    """When it comes to a line for the first time, and for the last: another master ends the update.

    It has a new kind, an object that is removed, an addon that is removed, and a new one.
    """
    lines = _lines_of_an_update()
    first = {place: lines.index(place) for place in set(lines)}
    last = {place: len(lines) - 1 - lines[::-1].index(place) for place in set(lines)}
    assert len(first) > 200
    for fatal in sorted({*first.values(), *last.values()}):
        cluster = _with_old_set()
        master = Master(cluster, "i-0000000000000000a")
        left = fatal

        def at_line(place: Place) -> None:
            nonlocal left
            if left == 0:
                raise KilledError
            left -= 1

        assert not _traced(lambda master=master: master.until_ready(NEW), at_line)  # type: ignore[misc]
        assert not unlisted(cluster), lines[fatal]
        Master(cluster, "i-0000000000000000b").until_ready(NEW)
        _assert_is(cluster, NEW)


def test_nothing_is_in_the_cluster_that_no_inventory_names() -> None:
    """Before every request of an update."""
    cluster = _with_old_set()
    looked = 0

    def before(_: Request) -> None:
        nonlocal looked
        looked += 1
        assert not unlisted(cluster)

    cluster.before = before
    Master(cluster).until_ready(NEW)
    assert looked > 30


def test_an_object_that_no_inventory_names_would_be_found() -> None:
    """The check above can fail."""
    cluster = _with_old_set()
    del cluster.objects["/api/v1/namespaces/kube-system/configmaps/kubequorum-addon-gone"]
    assert unlisted(cluster) == {"Service apps/leftover"}


def _requests_of_an_update() -> int:
    cluster = _with_old_set()
    before = len(cluster.requests)
    Master(cluster).until_ready(NEW)
    return len(cluster.requests) - before


@pytest.mark.parametrize("number", range(_requests_of_an_update()))
def test_a_later_set_may_be_applied_in_the_middle_of_an_earlier_one(number: int) -> None:
    """A master with the earlier one pauses before a request, another applies the later one."""
    cluster = _with_old_set()
    newest = wanted(addon("one", namespace("apps"), deployment("web", image="app:3")), written=3.0)
    slow, fast = Master(cluster, "i-0000000000000000a"), Master(cluster, "i-0000000000000000b")
    left, overtaken = number, 0

    def before(request: Request) -> None:
        nonlocal left, overtaken
        if left == 0:
            left = -1
            # It cannot know whether the other one is dead, and waits for it.
            for _ in range(10):
                fast.turn(newest)
            overtaken = len(cluster.requests)
        elif left > 0:
            left -= 1

    cluster.before = before
    slow.turn(NEW)
    # The request that it was about to send, and no more: then it sees that it was overtaken.
    late = [r.path for r in cluster.requests[overtaken:] if r.method in {"PATCH", "DELETE"}]
    assert len([path for path in late if "/services/" not in path]) <= 1
    # From its next turn on, the slow one has read the parameter, too.
    for _ in range(10):
        slow.turn(newest)
        fast.turn(newest)
    _assert_is(cluster, newest)


@pytest.mark.parametrize("number", range(_requests_of_an_update()))
def test_the_api_may_be_away_at_any_request(number: int) -> None:
    """For a minute: nothing fails for good, and afterwards the same master ends its work."""
    cluster = _with_old_set()
    master = Master(cluster)
    left = number

    def before(request: Request) -> None:
        nonlocal left
        left -= 1
        if -20 < left < 0:
            raise UnavailableError("the API server on this host does not answer")

    cluster.before = before
    for _ in range(40):
        try:
            master.turn(NEW)
        except UnavailableError:
            continue
    _assert_is(cluster, NEW)


def test_an_earlier_set_is_not_applied_after_a_later_one() -> None:
    """A master that has not read the parameter again yet leaves everything alone."""
    cluster = _with_old_set()
    Master(cluster, "i-0000000000000000a").until_ready(NEW)
    late = Master(cluster, "i-0000000000000000b")
    for _ in range(10):
        assert not late.turn(OLD, after=LOOK_SECONDS).ready
    _assert_is(cluster, NEW)


def test_a_roll_back_brings_the_old_set_back() -> None:
    """It is the same set, written later; what only the other had is removed, but for what defines kinds."""
    cluster = _with_old_set()
    master = Master(cluster)
    master.until_ready(NEW)
    again = wanted(*OLD.addons.addons, written=3.0)
    master.until_ready(again)
    master.turn(again)
    assert cluster.names("Deployment") == {"web"}
    assert cluster.find("Deployment", "web")["spec"]["template"]["image"] == "app:1"
    assert cluster.names("Service") == {"old", "leftover"}
    assert not cluster.names("Thing")
    assert cluster.names("CustomResourceDefinition") == {"things.example.com"}
    assert any("things.example.com" in said for said in master.said)
