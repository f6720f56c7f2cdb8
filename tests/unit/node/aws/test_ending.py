"""How an instance learns of its end; the metadata service is a real HTTP server where its answers matter."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from kubequorum_node.aws.ending import Ending, Endings, seconds_left
from kubequorum_node.aws.imds import Metadata
from tests.unit.node.fakes import FakeClock, FakeMetadata

NOTICE = "spot/instance-action"
STATE = "autoscaling/target-lifecycle-state"


def notice(at: float, action: str = "terminate") -> str:
    """A notice that the instance goes at a moment, in seconds since 1970."""
    return json.dumps({"action": action, "time": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"})


class _Service:
    """A metadata service: what it has by its path, and paths that it answers with 503."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.broken: set[str] = set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self._answer(200, "token")

            def do_GET(self) -> None:
                path = self.path.removeprefix("/latest/meta-data/")
                if path in service.broken:
                    self._answer(503, "")
                else:
                    self._answer(200 if path in service.values else 404, service.values.get(path, ""))

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[_Service]:
    """One that has nothing yet."""
    service = _Service()
    thread = Thread(target=service.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()


def _endings(service: _Service, clock: FakeClock, *, may_be_spot: bool = True) -> Endings:
    return Endings(Metadata(service.url, clock=clock), clock, may_be_spot=may_be_spot)


def test_termination_is_seen_in_the_metadata(service: _Service) -> None:
    """Any state but Terminated, and none at all, means to go on waiting."""
    clock, states = FakeClock(), ["InService", "Terminated"]
    clock.on_sleep.append(lambda: service.values.__setitem__(STATE, states.pop(0)))
    assert _endings(service, clock).wait() is Ending.TERMINATED
    assert states == []


def test_a_worker_sees_that_ec2_takes_it_back(service: _Service) -> None:
    """There is no such path before the notice. A master, never a spot instance, does not look."""
    for may_be_spot, ending in ((True, Ending.INTERRUPTED), (False, Ending.TERMINATED)):
        clock = FakeClock()
        service.values = {STATE: "InService"}
        changes: list[Callable[[], None]] = [
            lambda: None,
            lambda: service.values.__setitem__(NOTICE, '{"action": "terminate"}'),
            lambda: service.values.__setitem__(STATE, "Terminated"),
        ]

        def change(left: list[Callable[[], None]] = changes) -> None:
            left.pop(0)()

        clock.on_sleep.append(change)
        assert _endings(service, clock, may_be_spot=may_be_spot).wait() is ending


@pytest.mark.parametrize("broken", [{NOTICE}, {STATE}, {NOTICE, STATE}])
def test_a_metadata_service_that_fails_is_asked_again(
    service: _Service, broken: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One path that fails hides no other one, and does not end the service."""
    clock = FakeClock()
    service.broken, service.values = broken, {STATE: "InService", NOTICE: notice(clock.wall_time() + 120)}
    looks: list[float] = []

    def look() -> None:
        looks.append(clock.now())
        if len(looks) == 60:
            service.broken = set()

    clock.on_sleep.append(look)
    assert _endings(service, clock).wait() is Ending.INTERRUPTED
    assert (len(looks) >= 60) is (NOTICE in broken)
    assert capsys.readouterr().err.count("asking again") == len(broken)


def test_a_notice_stays_when_the_metadata_service_fails_afterwards(service: _Service) -> None:
    """Nor does the end move."""
    clock = FakeClock()
    endings = _endings(service, clock)
    service.values[NOTICE] = notice(clock.wall_time() + 90)
    end = endings.instance_end()
    assert end == pytest.approx(clock.now() + 90, abs=1)
    service.broken.add(NOTICE)
    clock.sleep(30)
    assert endings.instance_end() == end


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (notice(1_000_030), 30),
        # Its clock is behind: no notice comes earlier than two minutes before.
        (notice(1_000_900), 120),
        # Its clock is ahead, or the notice is very late.
        (notice(999_000), 10),
        (notice(1_000_120, action="stop"), 120),
        ("{}", 120),
        ("soon", 120),
        ('["terminate"]', 120),
        ('{"action": "terminate", "time": 5}', 120),
    ],
)
def test_the_time_that_is_left(text: str, left: float) -> None:
    """By the notice, within what can be; without a time in it, all of it."""
    assert seconds_left(text, 1_000_000) == left


@pytest.mark.parametrize("terminated", [True, False])
def test_the_group_may_terminate_what_ec2_takes_back(terminated: bool) -> None:
    """It is waited for as long as the instance can live."""
    clock, metadata = FakeClock(), FakeMetadata()
    begin = clock.now()

    def end() -> None:
        if terminated and clock.now() > begin + 50:
            metadata.target_state = "Terminated"

    clock.on_sleep.append(end)
    assert Endings(metadata, clock, may_be_spot=True).wait_for_group() is terminated
    assert clock.now() - begin < 130
