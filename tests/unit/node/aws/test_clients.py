"""Clients of the AWS API against failures of the API: real botocore, answers put in place of the network."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import Aws, ClockSkewError
from kubequorum_node.aws.state_store import StateStore
from tests.unit.node.fakes import FakeClock

THROTTLED = (
    400,
    "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
)
BROKEN = (
    503,
    "<ErrorResponse><Error><Code>ServiceUnavailable</Code><Message>no</Message></Error></ErrorResponse>",
)
EXPIRED = (
    403,
    "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>",
)
DENIED = (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
GOOD = (
    200,
    "<DescribeAutoScalingInstancesResponse><DescribeAutoScalingInstancesResult><AutoScalingInstances/>"
    "</DescribeAutoScalingInstancesResult></DescribeAutoScalingInstancesResponse>",
)


class _Raw:
    def __init__(self, body: str) -> None:
        self._body = body.encode()

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: Any) -> bytes:
        return self._body


class _Scripted(Aws):
    """Answers come from a list; each request uses one."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.clock = FakeClock()
        super().__init__("eu-central-1", clock=self.clock)
        self._answers = list(answers)
        self.sessions = 0

    def _new_session(self) -> Any:
        self.sessions += 1
        session = super()._new_session()
        session.events.register_last("before-send", self._answer)  # type: ignore[arg-type]
        return session

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        status, body = self._answers.pop(0)
        return AWSResponse(request.url, status, HTTPHeaders(), _Raw(body))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of the environment, and retries without their pauses."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def _ask(aws: Aws) -> Any:
    return aws.call(lambda: aws.autoscaling.describe_auto_scaling_instances(InstanceIds=["i-0"]))


@pytest.mark.parametrize("trouble", [THROTTLED, BROKEN])
def test_throttling_and_server_errors_are_retried(trouble: tuple[int, str]) -> None:
    """Three failures and then an answer; every request is counted."""
    aws = _Scripted(trouble, trouble, trouble, GOOD)
    assert _ask(aws)["AutoScalingInstances"] == []
    assert aws.calls == ["auto-scaling:DescribeAutoScalingInstances"] * 4


def test_retries_have_an_end() -> None:
    """A service that is down for good is an error after ten attempts."""
    aws = _Scripted(*[BROKEN] * 20)
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        _ask(aws)
    assert len(aws.calls) == 10


def test_expired_credentials_are_replaced() -> None:
    """The call is repeated with a new session, which asks the metadata service for new ones."""
    aws = _Scripted(EXPIRED, EXPIRED, GOOD)
    assert _ask(aws)["AutoScalingInstances"] == []
    assert aws.sessions == 3
    assert 1.5 * 3 * 0.8 <= aws.clock.now() - 1000 <= 1.5 * 3 * 1.2


def test_credentials_that_stay_expired_are_an_error() -> None:
    """A clock that is far off, say: bounded."""
    aws = _Scripted(*[EXPIRED] * 20)
    with pytest.raises(ClientError, match="ExpiredToken"):
        _ask(aws)
    assert len(aws.calls) == 4


def test_a_slow_metadata_service_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its answers takes longer than the second that botocore waits by default."""
    answers = {
        "/latest/api/token": "token",
        "/latest/meta-data/iam/security-credentials/": "role",
        "/latest/meta-data/iam/security-credentials/role": json.dumps(
            {"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": "2099-01-01T00:00:00Z"}
        ),
    }

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            Event().wait(1.2)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[self.path].encode())

        do_PUT = do_GET  # noqa: N815 - the name of the method it answers

        def log_message(self, *_: Any) -> None:
            pass

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        credentials = _Scripted()._new_session().get_credentials()
        server.shutdown()
    assert credentials is not None
    assert credentials.access_key == "A"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20261124T121000Z is still later than"),
        ("SignatureDoesNotMatch", "Signature expired: 20261124T115000Z is now earlier than"),
    ],
)
def test_a_wrong_clock_is_reported_in_words(code: str, message: str) -> None:
    """Once, without new credentials: they would be refused, too."""
    refused = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    aws = _Scripted((403, refused))
    with pytest.raises(ClockSkewError, match=rf"clock is off.*{code}.*timedatectl"):
        _ask(aws)
    assert len(aws.calls) == 1


def test_another_wrong_signature_is_not_a_clock_error() -> None:
    """It stays what AWS calls it."""
    refused = (403, DENIED[1].replace("AccessDenied", "SignatureDoesNotMatch"))
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        _ask(_Scripted(refused))


def test_a_missing_permission_is_not_retried() -> None:
    """It would be missing the next time, too."""
    aws = _Scripted(DENIED, GOOD)
    with pytest.raises(ClientError, match="AccessDenied"):
        _ask(aws)
    assert len(aws.calls) == 1


def test_what_a_new_role_may_not_do_yet_is_retried() -> None:
    """IAM is eventually consistent: the policy is there, and not everywhere."""
    aws = _Scripted(DENIED, DENIED, GOOD)
    aws.tolerate_denials(seconds=120)
    assert _ask(aws)["AutoScalingInstances"] == []
    assert aws.clock.now() - 1000 < 10


def test_what_a_role_may_not_do_is_an_error_in_the_end() -> None:
    """After two minutes it is no longer new."""
    aws = _Scripted(*[DENIED] * 100)
    aws.tolerate_denials(seconds=120)
    with pytest.raises(ClientError, match="AccessDenied"):
        _ask(aws)
    assert 110 < aws.clock.now() - 1000 < 130


def test_an_object_that_is_not_there_is_none_and_a_forbidden_one_is_an_error() -> None:
    """Not being allowed to read is never taken for "there is none": that would make a second CA."""
    missing = (404, "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")
    forbidden = (403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
    store = StateStore(_Scripted(missing, forbidden), "state", clock=FakeClock())
    assert store.get("pki/ca-set.json") is None
    with pytest.raises(ClientError, match="AccessDenied"):
        store.get("pki/ca-set.json")
