"""`backup` ends when a snapshot with everything before the request is in the bucket, and not earlier."""

from typing import Any

import pytest

from kubequorum_cli.commands import backup as command
from kubequorum_cli.commands.backup import backup
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import ApiError
from kubequorum_node.backup import request
from tests.kubequorum_cli.backups.bucket_stub import ObjectsInMemory, target_with


class Api:
    """The Kubernetes API: what was applied, and the revision that etcd gives it."""

    def __init__(self, revision: int = 50) -> None:
        self.revision = revision
        self.applied: list[tuple[str, dict[str, Any]]] = []

    def apply(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """See Client."""
        if not self.revision:
            raise ApiError("api does not answer")
        self.applied.append((path, document))
        return {"metadata": {"resourceVersion": str(self.revision)}}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """In the place of a client."""
    made = Api()
    monkeypatch.setattr(command, "find_access", lambda _: None)
    monkeypatch.setattr(command, "Client", lambda _: made)
    return made


@pytest.fixture
def s3() -> ObjectsInMemory:
    """A bucket with an older snapshot."""
    made = ObjectsInMemory()
    made.generation(1)
    made.full(1, 49, minutes=0)
    return made


def test_its_id_is_printed_when_it_is_there(
    api: Api, s3: ObjectsInMemory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The older snapshot does not count, however new it is; the id alone goes to stdout."""

    def sleep(_: float) -> None:
        s3.full(1, 52, minutes=1)

    monkeypatch.setattr("kubequorum_cli.waiting.time.sleep", sleep)
    backup(target_with(s3), seconds=30)
    assert capsys.readouterr().out == "1/52\n"


def test_the_request_is_what_masters_look_for(api: Api, s3: ObjectsInMemory) -> None:
    """The same ConfigMap, and each request changes it: otherwise it would keep its old revision."""
    s3.full(1, 52, minutes=1)
    backup(target_with(s3), seconds=30)
    backup(target_with(s3), seconds=30)
    (path, first), (_, second) = api.applied
    namespace, kind, name = path.split("/")[4], path.split("/")[5], path.split("/")[6]
    assert request.KEY.decode() == f"/registry/{kind}/{namespace}/{name}"
    assert first["data"] != second["data"]


def test_an_older_snapshot_is_not_enough(api: Api, s3: ObjectsInMemory) -> None:
    """In the end it says what there is not, and that the request stays."""
    with pytest.raises(CommandError, match="no backup after 0 s") as raised:
        backup(target_with(s3), seconds=0)
    assert "revision 50" in raised.value.why
    assert "will be taken" in raised.value.remedy


def test_a_snapshot_of_an_older_generation_is_not_enough(api: Api, s3: ObjectsInMemory) -> None:
    """It is of another cluster of etcd, whatever its revision."""
    s3.full(1, 99, minutes=1)
    s3.generation(2)
    with pytest.raises(CommandError, match="no backup"):
        backup(target_with(s3), seconds=0)


def test_without_the_api_it_cannot_be_asked_for(api: Api, s3: ObjectsInMemory) -> None:
    """Which says what goes on without it."""
    api.revision = 0
    with pytest.raises(CommandError, match="cannot be asked for") as raised:
        backup(target_with(s3), seconds=30)
    assert "api does not answer" in raised.value.why
