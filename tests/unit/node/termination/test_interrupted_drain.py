"""Emptying a node that EC2 takes back: all pods have ended when it does, and as gracefully as time allows."""

from collections.abc import Callable

import pytest

from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.termination import drain
from tests.unit.node.aws.test_ending import notice
from tests.unit.node.fakes import FakeNode
from tests.unit.node.termination.test_drain import NODE, _Api, _pod

Begin = Callable[..., float]


@pytest.fixture
def emptied(worker: FakeNode, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Empties the node under an API, with a notice so many seconds before the end; how long that took."""

    def empty(api: _Api, *, left: float = 120.0) -> float:
        monkeypatch.setattr(drain, "NodeApi", lambda _: api)
        begin = worker.clock.now()
        worker.metadata.notice = notice(worker.clock.wall_time() + left)
        drain.empty(worker)
        return worker.clock.now() - begin

    return empty


def test_pods_keep_the_grace_period_that_fits(worker: FakeNode, emptied: Begin) -> None:
    """A longer one is cut to the time that is left, less what the kubelet needs."""
    api = _Api(worker, _pod("web"), _pod("slow", grace=3600))
    assert emptied(api) < 119
    assert api.patched == [(NODE, {"spec": {"unschedulable": True}})]
    assert api.pods == []
    assert api.deleted == []
    assert api.graces["web"] == [None]
    (cut,) = api.graces["slow"]
    assert cut is not None
    assert 110 <= cut <= 115
    assert worker.aws.requests == []


def test_people_are_told_why_the_node_goes(worker: FakeNode, emptied: Begin) -> None:
    """Once."""
    api = _Api(worker, _pod("web"))
    emptied(api)
    (event,) = api.events
    assert event.startswith("SpotInterruption: EC2 takes this spot instance back in 1")


def test_an_event_that_is_refused_prevents_nothing(worker: FakeNode, emptied: Begin) -> None:
    """Evictions matter more."""

    class Refusing(_Api):
        def create(self, path: str, document: dict[str, object]) -> None:
            if path.endswith("/events"):
                raise ApiError("forbidden", status=403)
            super().create(path, document)

    api = Refusing(worker, _pod("web"))
    emptied(api)
    assert api.pods == []


def test_what_a_budget_protects_waits_for_a_substitute_first(worker: FakeNode, emptied: Begin) -> None:
    """Evicted as soon as the budget allows, and not deleted."""
    api = _Api(worker, _pod("db"))
    api.forbidden.add("db")
    begin = worker.clock.now()

    def substitute() -> None:
        if worker.clock.now() > begin + 60:
            api.forbidden.clear()

    worker.clock.on_sleep.append(substitute)
    emptied(api)
    assert (api.evicted, api.deleted, api.pods) == (["db"], [], [])


@pytest.mark.parametrize(("left", "patience"), [(120.0, 80.0), (30.0, 10.0)])
def test_what_a_budget_protects_to_the_last_is_deleted(
    worker: FakeNode, emptied: Begin, left: float, patience: float
) -> None:
    """Half a minute before the end, or after half of a late notice's time: it still gets its SIGTERM."""
    api = _Api(worker, _pod("db", grace=60))
    api.forbidden.add("db")
    begin = worker.clock.now()
    worker.clock.on_sleep.append(lambda: asked.append(worker.clock.now()) if not api.deleted else None)
    asked: list[float] = []
    assert emptied(api, left=left) < left
    assert (api.evicted, api.deleted, api.pods) == ([], ["db"], [])
    assert asked[-1] - begin >= patience
    (grace,) = api.graces["db"]
    assert grace is not None
    assert 10 <= grace <= 30


def test_a_notice_that_is_over_still_ends_pods(worker: FakeNode, emptied: Begin) -> None:
    """The host's clock may be ahead: they get what is assumed to be left, never 0."""
    api = _Api(worker, _pod("web"), _pod("db"))
    api.forbidden.add("db")
    emptied(api, left=-600.0)
    assert api.pods == []
    assert all(grace is not None and grace >= 1 for graces in api.graces.values() for grace in graces)


def test_a_drain_by_the_group_hurries_when_ec2_takes_the_node_back(
    worker: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pods that end already get less time, what is protected is deleted, and it ends before the instance."""
    api = _Api(worker, _pod("slow", grace=3600), _pod("quick"), _pod("db"))
    api.forbidden.add("db")
    monkeypatch.setattr(drain, "NodeApi", lambda _: api)
    begin = worker.clock.now()

    def interrupt() -> None:
        if worker.metadata.notice is None and worker.clock.now() > begin + 20:
            worker.metadata.notice = notice(worker.clock.wall_time() + 120)

    worker.clock.on_sleep.append(interrupt)
    drain.empty(worker)
    assert worker.clock.now() - begin < 145
    assert api.pods == []
    assert api.evicted == ["slow", "quick"]
    assert api.deleted == ["slow", "db"]
    assert api.graces["quick"] == [None]
    assert len(api.events) == 1


def test_pods_that_do_not_end_are_not_waited_for_beyond_the_end(
    worker: FakeNode, emptied: Begin, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is left is in the log."""
    api = _Api(worker, _pod("stuck"))
    api.ends = {"stuck": float("inf")}
    monkey = api._end
    api._end = lambda name, options: (monkey(name, options), api.ends.update(stuck=float("inf")))[0]  # type: ignore[method-assign]
    assert 110 <= emptied(api) < 120
    assert "EC2 takes this instance back now; pods left: default/stuck" in capsys.readouterr().err


def test_an_api_that_does_not_answer_does_not_outlast_the_instance(worker: FakeNode, emptied: Begin) -> None:
    """With a late notice the end comes before patience does."""
    api = _Api(worker, _pod("web"))
    api.broken = lambda: True
    assert emptied(api, left=30) < 31
