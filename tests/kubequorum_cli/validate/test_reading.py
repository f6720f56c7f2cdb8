"""What is read for `validate`: of an emulated AWS, and of an API server of a test."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import Emulator, Stack, running_emulator
from kubequorum_cli.errors import Obstacle
from kubequorum_cli.target import Target
from kubequorum_cli.validate import Snapshot, collect, find
from tests.kubequorum_cli.api_stub import ApiStub, running_api
from tests.kubequorum_cli.emulated import group_of_one, target_in

_TEMPLATE = f"""
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
{group_of_one("mine", tags={"kubequorum:slot": "a"}, hook=True)}
Outputs:
  StateBucketArn: {{Value: !GetAtt Bucket.Arn}}
  ApiEndpoint: {{Value: "https://api.example.internal:6443"}}
  ApiLoadBalancer: {{Value: unused}}
  MasterAGroupName: {{Value: !Ref Group}}
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A cluster whose only master waits in its launch hook for ever."""
    with running_emulator(tmp_path_factory.mktemp("validate")) as started:
        Stack(started, "mine-State").create(_TEMPLATE)
        yield started


@pytest.fixture
def target(emulator: Emulator) -> Target:
    """It, without Kubernetes."""
    return replace(target_in(emulator, "mine"), no_kubernetes=Obstacle(why="no machines", remedy="none"))


def test_what_aws_says(target: Target) -> None:
    """Groups with slots, the time at which a launch began, and AWS's clock."""
    snapshot = collect(target)
    (instance,) = snapshot.instances_of("a")
    assert instance.lifecycle_state == "Pending:Wait"
    assert instance.status_checks == "ok"
    began = snapshot.waiting_since.known[instance.id]
    assert abs(snapshot.now - began) < timedelta(minutes=5)
    clocks = snapshot.clocks.known
    assert abs(clocks.own - clocks.aws) < timedelta(seconds=60)
    found = {(f.id, f.subject.id) for f in find(snapshot)}
    assert found == {
        ("stack-missing", "mine-Network"),
        ("stack-missing", "mine-ControlPlane"),
        ("slot-without-master", "a"),
        ("no-quorum", "mine"),
        ("instance-in-progress", instance.id),
    }


class _Refusing:
    """A session in which one service refuses everything."""

    def __init__(self, session: boto3.session.Session, service: str) -> None:
        self._session = session
        self._service = service
        self.region_name = session.region_name

    def client(self, service: str, **arguments: Any) -> Any:
        """A client, or one that refuses."""
        if service == self._service:
            return _RefusingClient()
        return self._session.client(service, **arguments)  # type: ignore[call-overload]


class _RefusingClient:
    def __getattr__(self, name: str) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "you may not"}}, name)


@pytest.mark.parametrize(
    ("service", "unreadable"),
    [
        ("cloudformation", {"stacks", "resources", "backups"}),
        ("autoscaling", {"groups"}),
        ("ec2", {"groups"}),
        ("sts", {"clocks"}),
        ("s3", {"records", "backups"}),
    ],
)
def test_a_service_that_refuses_hides_no_other(target: Target, service: str, unreadable: set[str]) -> None:
    """Its parts are findings with the reason; what needs them is not a finding of its own."""
    session: Any = _Refusing(target.session, service)
    found = find(collect(replace(target, session=session, no_kubernetes=None)))
    refused = {f.subject.id: f.seen for f in found if f.id == "unreadable"}
    assert refused.keys() == unreadable
    assert all("AccessDenied" in seen for seen in refused.values())
    if service != "cloudformation":
        assert ("stack-missing", "mine-Network") in {(f.id, f.subject.id) for f in found}


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiStub]:
    """The cluster's API, with one node and an addon."""
    with running_api(tmp_path) as started:
        monkeypatch.setattr("kubequorum_cli.validate.reading.find_access", lambda _: started.access)
        node = {"metadata": {"name": "i-a"}, "status": {"nodeInfo": {"kubeletVersion": "v1.36.3"}}}
        labels = {"kubequorum/addon": "web"}
        fields = [{"time": "2027-01-15T12:00:00Z"}, {"time": "2027-01-15T12:30:00Z"}, {"manager": "x"}]
        addon = {
            "metadata": {"labels": labels, "managedFields": fields},
            "data": {"state": "applying", "version": "1", "message": "no image"},
        }
        configmaps = "/api/v1/namespaces/kube-system/configmaps?labelSelector=kubequorum%2Faddon"
        started.answers |= {
            "/version": {"gitVersion": "v1.36.3"},
            "/readyz?verbose": (200, "[+]ping ok"),
            "/api/v1/nodes": {"items": [node]},
            "/api/v1/namespaces/kube-system/pods": {"items": []},
            configmaps: {"items": [addon]},
        }
        yield started


def _of_kubernetes(snapshot: Snapshot) -> dict[str, str]:
    return {
        name: part.problem or ("known" if part.value is not None else "absent")
        for name in ("api", "credentials_end", "nodes", "pods", "addons")
        for part in [getattr(snapshot, name)]
    }


def test_what_kubernetes_says(target: Target, api: ApiStub) -> None:
    """All of it; an addon has changed when the last manager of its fields changed one."""
    snapshot = collect(replace(target, no_kubernetes=None))
    assert set(_of_kubernetes(snapshot).values()) == {"known"}
    assert [node.name for node in snapshot.nodes.known] == ["i-a"]
    assert [addon.changed for addon in snapshot.addons.known] == ["2027-01-15T12:30:00Z"]
    ends = snapshot.credentials_end.known
    assert ends["administrator"] == ends["ca"] == snapshot.api.known.certificate_ends
    assert snapshot.backups.known.problem == "there is none yet"
    assert snapshot.records.known == {"a": None}
    assert ("volume-missing", "a") in {(f.id, f.subject.id) for f in find(snapshot)}


def test_an_api_that_refuses_is_one_problem(target: Target, api: ApiStub) -> None:
    """Nodes, pods and addons are not known then; that they cannot be listed is no news."""
    api.answers["/version"] = (401, "Unauthorized")
    seen = _of_kubernetes(collect(replace(target, no_kubernetes=None)))
    assert "status 401" in seen.pop("api")
    assert seen == {"credentials_end": "known", "nodes": "absent", "pods": "absent", "addons": "absent"}


def test_an_answer_that_is_not_understood_is_a_problem(target: Target, api: ApiStub) -> None:
    """And no traceback; the other lists are known."""
    api.answers["/api/v1/nodes"] = {"items": [{"metadata": {"name": "i-a"}}]}
    api.answers["/api/v1/namespaces/kube-system/pods"] = (200, "no JSON")
    seen = _of_kubernetes(collect(replace(target, no_kubernetes=None)))
    assert "KeyError('status')" in seen["nodes"]
    assert "JSONDecodeError" in seen["pods"]
    assert seen["addons"] == "known"


def test_without_credentials_the_api_cannot_be_reached(target: Target) -> None:
    """Nobody has published any; the reason is the API's, once."""
    snapshot = collect(replace(target, no_kubernetes=None))
    seen = _of_kubernetes(snapshot)
    assert "does not exist" in seen["api"]
    assert [f.id for f in find(snapshot)].count("api-unreachable") == 1
