"""`dump`: nothing that refuses, or is silent, ends it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from kubequorum_cli.errors import Obstacle
from kubequorum_cli.target import Target
from tests.kubequorum_cli.dump import planted
from tests.kubequorum_cli.dump.collecting import Collected


def test_what_cannot_be_had_is_named(target: Target, collected: Collected) -> None:
    """With the reason, which has no secret either."""
    manifest, files = collected(target)
    why = {missing.path: missing.why for missing in manifest.missing}
    assert not why.keys() & files.keys()
    assert "status 403" in why["kubernetes/system-leases.json"]
    assert "404" in why["kubernetes/configmaps/coredns.json"]
    machines = [reason for path, reason in why.items() if path.startswith("machines/")]
    assert len(machines) == 6
    assert all("nobody can log in" in reason for reason in machines)
    assert not [reason for reason in why.values() if any(secret in reason for secret in planted.SECRETS)]


def test_a_machine_may_refuse_or_say_nothing(
    target: Target, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says then is the reason; one that hangs does not hold up the dump. ssh must not ask."""
    manifest, _ = collected(target, command=lambda *_: ["sh", "-c", "echo no key >&2; exit 255"])
    why = {missing.why for missing in manifest.missing if missing.path.startswith("machines/")}
    assert why == {"sh ended with 255: no key"}
    monkeypatch.setattr("kubequorum_cli.dump.machines._LIMIT_SECONDS", 0.2)
    manifest, _ = collected(target, command=lambda *_: ["sleep", "60"])
    why = {missing.why for missing in manifest.missing if missing.path.startswith("machines/")}
    assert why == {"the machine does not answer: nothing in 0.2 s"}
    asked: list[Sequence[str]] = []

    def run(words: Sequence[str], **_: Any) -> None:
        asked.append(words)
        raise FileNotFoundError("no ssh here")

    monkeypatch.setattr("kubequorum_cli.dump.machines.subprocess.run", run)
    manifest, _ = collected(target, command=lambda *_: ["ssh", "admin@i-a"])
    assert {tuple(words) for words in asked} == {
        ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "admin@i-a")
    }
    assert "no ssh here" in {m.why for m in manifest.missing if m.path.startswith("machines/")}


class _Refusing:
    """A session in which services refuse everything."""

    def __init__(self, session: Any, services: Sequence[str], error: Exception) -> None:
        self._session = session
        self._services = services
        self._error = error
        self.region_name = session.region_name

    def get_credentials(self) -> Any:
        return self._session.get_credentials()

    def client(self, service: str, **arguments: Any) -> Any:
        """A client, or one that refuses."""
        if service in self._services:
            return _RefusingClient(self._error)
        return self._session.client(service, **arguments)


class _RefusingClient:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


_DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "you may not"}}, "Anything")
_EVERYTHING = ("cloudformation", "autoscaling", "ec2", "elbv2", "ssm", "s3", "sts", "cloudwatch", "route53")


@pytest.mark.parametrize(
    ("service", "missing", "there"),
    [
        ("ec2", "aws/instances.json", "aws/groups.json"),
        ("autoscaling", "aws/groups.json", "aws/instances.json"),
        ("elbv2", "aws/target-health.json", "aws/volumes.json"),
        ("ssm", "aws/ssm-parameters.json", "aws/stacks.json"),
        ("cloudformation", "aws/stacks.json", "aws/instances.json"),
        ("s3", "kubernetes", "aws/instances.json"),
    ],
)
def test_a_service_that_refuses_hides_no_other(
    target: Target, collected: Collected, service: str, missing: str, there: str
) -> None:
    """Its files are missing, with what it said."""
    session: Any = _Refusing(target.session, [service], _DENIED)
    manifest, files = collected(replace(target, session=session, connect=_unreachable))
    why = {each.path: each.why for each in manifest.missing}
    assert "you may not" in why[missing]
    assert there in files


def _unreachable(_: object) -> tuple[str, int]:
    return ("127.0.0.1", 1)


@pytest.mark.parametrize(
    "error", [_DENIED, EndpointConnectionError(endpoint_url="http://x"), TypeError("nobody expected this")]
)
def test_an_account_that_says_nothing_ends_nothing(
    target: Target, collected: Collected, error: Exception
) -> None:
    """The archive is there, and says why it is empty."""
    session: Any = _Refusing(target.session, _EVERYTHING, error)
    manifest, files = collected(replace(target, session=session))
    assert str(error) in {missing.why for missing in manifest.missing}
    # What is known of parts that cannot be read is a document, too.
    assert files.keys() <= {"manifest.json", "validate.json", "events.json"}


class _WithoutCredentials(_Refusing):
    def get_credentials(self) -> Any:
        """As of a profile with a role that may not be assumed."""
        raise _DENIED


def test_credentials_that_are_refused_end_nothing(target: Target, collected: Collected) -> None:
    """They are looked for to be left out of the archive; each source says that it has none."""
    session: Any = _WithoutCredentials(target.session, _EVERYTHING, _DENIED)
    manifest, _ = collected(replace(target, session=session))
    assert str(_DENIED) in {missing.why for missing in manifest.missing}


def test_an_api_that_does_not_answer_is_asked_once(target: Target, collected: Collected) -> None:
    """And not for every file; one without Kubernetes is not asked."""
    manifest, files = collected(replace(target, connect=_unreachable))
    why = {each.path: each.why for each in manifest.missing if each.path.startswith("kubernetes")}
    assert why.keys() == {"kubernetes", "kubernetes/version.json"}
    assert "does not answer" in why["kubernetes/version.json"]
    assert "aws/instances.json" in files
    none = Obstacle(why="the machines are processes", remedy="make up")
    manifest, _ = collected(replace(target, no_kubernetes=none))
    assert "the machines are processes" in {m.path: m.why for m in manifest.missing}["kubernetes"]
