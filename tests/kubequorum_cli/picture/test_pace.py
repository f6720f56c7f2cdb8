"""How often AWS is asked."""

from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from kubequorum_cli.picture.pace import Pace
from kubequorum_cli.target import Target


class _Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.slept += seconds


def test_the_first_requests_are_at_once_and_all_others_one_a_second() -> None:
    """However they come: a hundred in a row take as long as they must."""
    time = _Time()
    pace = Pace(at_once=10, now=time.now, sleep=time.sleep)
    for _ in range(10):
        pace.wait()
    assert time.slept == 0
    for _ in range(100):
        pace.wait()
    assert time.seconds == 100


def test_a_pause_earns_no_more_than_the_first_requests() -> None:
    """An hour without a look allows no flood."""
    time = _Time()
    pace = Pace(at_once=3, now=time.now, sleep=time.sleep)
    time.seconds = 3600
    for _ in range(5):
        pace.wait()
    assert time.slept == 2


def test_every_request_of_a_paced_target_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all its clients, retries included, which botocore sends one by one."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    time = _Time()
    target = Target(
        cluster="mine",
        session=boto3.session.Session(
            aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1"
        ),
        # Nothing listens there: each attempt is refused at once.
        endpoint_url="http://127.0.0.1:9",
        kubeconfig=Path("unused"),
    )
    Pace(at_once=1, now=time.now, sleep=time.sleep).keep(target)
    asked: list[int] = []
    for service, ask in (("ec2", "describe_volumes"), ("elbv2", "describe_load_balancers")):
        client = target.client(service)
        client.meta.events.register_first("before-send", lambda **_: asked.append(1))
        with pytest.raises(EndpointConnectionError):
            getattr(client, ask)()
    # Two requests, each tried twice.
    assert len(asked) == 4
    assert time.slept == 3
