"""The service that answers requests: what it asks AWS, what it writes, and what it does in trouble."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kubequorum_node.approver import service
from kubequorum_node.approver.service import CERTIFICATE, NodeApprover
from kubequorum_node.approver.verdict import LONGEST_WAIT_SECONDS
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.path_client import PathClient
from tests.unit.node.approver.requests import (
    CREATED,
    MASTER,
    NODE_GROUPS,
    OTHER,
    WORKER,
    item,
    key_hash,
    node_subject,
    pem,
)
from tests.unit.node.fakes import FakeNode

FIRST = pem(node_subject(WORKER))
PROOF = f"identity/arn:aws:ec2:eu-central-1:111122223333:instance/{WORKER}"
NOW = datetime.strptime(CREATED, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


class _Stop(Exception):  # noqa: N818 - it ends a service that has no end
    pass


class FakeApi(PathClient):
    """An API server with requests; a watch has what `comes` says."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = list(items)
        self.comes: list[dict[str, Any]] = []
        self.written: list[tuple[str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []
        self.status: int | None = None

    def get(self, path: str) -> Any:
        """The list."""
        assert path.endswith("/certificatesigningrequests")
        return {"metadata": {"resourceVersion": "42"}, "items": self.items}

    def watch(self, path: str, *, timeout: float) -> Iterator[dict[str, Any]]:
        """What comes."""
        assert "resourceVersion=42" in path
        assert timeout > 240
        yield from self.comes

    def update(self, path: str, document: dict[str, Any]) -> None:
        """The approval of a request."""
        if self.status is not None:
            raise ApiError("refused", status=self.status)
        self.written.append((path, document))
        for known in self.items:
            if known["metadata"]["name"] == document["metadata"]["name"]:
                known["status"] = document["status"]

    def create(self, path: str, document: dict[str, Any]) -> None:
        """An Event."""
        assert path == "/api/v1/namespaces/default/events"
        self.events.append(document)


@pytest.fixture
def master(node: FakeNode) -> FakeNode:
    """A master that EC2 knows, as it knows one worker."""
    node.host.wall_time = NOW + timedelta(seconds=1)
    encoded = {part: base64.b64encode(f"{part}\n".encode()).decode() for part in ("CERT", "KEY")}
    node.host.on(
        "/usr/local/bin/kubeadm kubeconfig user",
        "users:\n- name: x\n  user:\n"
        f"    client-certificate-data: {encoded['CERT']}\n    client-key-data: {encoded['KEY']}\n",
    )
    _known(node, MASTER, **{"kubequorum:slot": "a"})
    _known(node, WORKER, **{"kubequorum:worker-group": "batch"})
    return node


def _known(node: FakeNode, instance_id: str, *, state: str = "running", **tags: str) -> None:
    node.aws.instances[instance_id] = {
        "InstanceId": instance_id,
        "State": {"Name": state},
        "VpcId": "vpc-1",
        "PrivateIpAddress": "10.20.1.9",
        "Tags": [{"Key": k, "Value": v} for k, v in {"kubequorum:cluster": "ha", **tags}.items()],
    }


def _conditions(api: FakeApi) -> list[tuple[str, str]]:
    found = []
    for path, document in api.written:
        assert path.endswith(f"/{document['metadata']['name']}/approval")
        assert document["metadata"]["resourceVersion"] == "7"
        (condition,) = document["status"]["conditions"]
        assert condition["status"] == "True"
        found.append((condition["type"], condition["reason"]))
    return found


def test_a_request_with_a_proof_is_approved(master: FakeNode) -> None:
    """With one question to EC2 for all requests, and without an Event."""
    master.aws.objects[PROOF] = key_hash(FIRST).encode()
    api = FakeApi(item(FIRST))
    NodeApprover(master, api).turn()
    assert _conditions(api) == [("Approved", "InstanceVerified")]
    assert api.events == []
    assert len(master.aws.asked("describe_instances")) == 1


def test_a_request_that_comes_is_answered_at_once(master: FakeNode) -> None:
    """From the watch, not with the next list."""
    master.aws.objects[PROOF] = key_hash(FIRST).encode()
    api = FakeApi()
    api.comes = [
        {"type": "DELETED", "object": item(FIRST, name="gone")},
        {"type": "ADDED", "object": item(FIRST, name="new")},
    ]
    NodeApprover(master, api).turn()
    assert [path.split("/")[-2] for path, _ in api.written] == ["new"]
    assert master.clock.now() == 1000.0


def test_a_denial_says_why_where_people_look(master: FakeNode) -> None:
    """In the request, and as an Event of the node in whose name it was."""
    _known(master, OTHER, state="terminated", **{"kubequorum:worker-group": "batch"})
    api = FakeApi(item(pem(node_subject(OTHER))))
    NodeApprover(master, api).turn()
    assert _conditions(api) == [("Denied", "InstanceNotRunning")]
    (event,) = api.events
    assert event["involvedObject"]["name"] == OTHER
    assert event["reason"] == "CertificateDenied"
    assert "system:bootstrap:abcdef" in event["message"]


def test_a_proof_that_is_late_is_waited_for_and_then_no_longer(master: FakeNode) -> None:
    """Each second; an invented instance costs no request to S3."""
    api = FakeApi(item(FIRST), item(pem(node_subject(OTHER)), name="invented"))
    approver = NodeApprover(master, api)
    approver.turn()
    assert api.written == []
    assert master.clock.now() == 1001.0
    assert [asked["Key"] for asked in master.aws.asked("get_object")] == [PROOF]
    master.aws.objects[PROOF] = key_hash(FIRST).encode()
    approver.turn()
    assert _conditions(api) == [("Approved", "InstanceVerified")]
    master.host.wall_time = NOW + timedelta(seconds=LONGEST_WAIT_SECONDS + 1)
    approver.turn()
    assert _conditions(api)[1:] == [("Denied", "InstanceUnknown")]


@pytest.mark.parametrize("status", [404, 409])
def test_another_master_that_was_first_is_no_trouble(master: FakeNode, status: int) -> None:
    """They have the same list."""
    master.aws.objects[PROOF] = key_hash(FIRST).encode()
    api = FakeApi(item(FIRST))
    api.status = status
    NodeApprover(master, api).turn()
    assert api.events == []


def test_nothing_is_decided_while_aws_does_not_answer(master: FakeNode) -> None:
    """Neither approved nor denied: it is decided when AWS answers."""
    api = FakeApi(item(FIRST, username=f"system:node:{WORKER}", groups=NODE_GROUPS))
    approver = NodeApprover(master, api)
    master.aws.fail("describe_instances", "RequestLimitExceeded")
    with pytest.raises(ClientError):
        approver.turn()
    assert api.written == []
    approver.turn()
    assert _conditions(api) == [("Approved", "InstanceVerified")]


def test_a_master_that_ec2_does_not_know_yet_decides_nothing(master: FakeNode) -> None:
    """It could not say which cluster is its own."""
    del master.aws.instances[MASTER]
    api = FakeApi(item(FIRST))
    with pytest.raises(NodeError, match="does not know this master yet"):
        NodeApprover(master, api).turn()
    assert api.written == []


def test_failures_do_not_end_it_and_its_credentials_are_renewed(
    master: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each day, and at once when the API server refuses them; the key is private, and in no argument."""
    api = FakeApi()
    failures: list[Exception] = [ApiError("no", status=401), ApiError("connection refused"), _Stop()]

    def fail(_: str) -> Any:
        raise failures.pop(0)

    monkeypatch.setattr(api, "get", fail)
    with pytest.raises(_Stop):
        NodeApprover(master, api).run()
    issued = master.host.ran("/usr/local/bin/kubeadm kubeconfig user")
    assert len(issued) == 2
    assert "--client-name=kubequorum:node-approver" in issued[0]
    assert "--validity-period=86400s" in issued[0]
    assert "--org" not in issued[0]
    assert master.host.read(CERTIFICATE) == "CERT\nKEY\n"
    assert master.host.path(CERTIFICATE).stat().st_mode & 0o777 == 0o600
    assert service._VALID.total_seconds() > service._RENEW_SECONDS
