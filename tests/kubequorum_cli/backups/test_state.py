"""The lines of `status` about backups."""

import io
import json

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from kubequorum_cli.backups import state
from kubequorum_node.backup import names
from tests.kubequorum_cli.backups.bucket_stub import ObjectsInMemory, target_with


def _shown(found: state.BackupState) -> str:
    console = Console(file=io.StringIO(), width=160)
    state.show_state(found, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def s3() -> ObjectsInMemory:
    """Two generations with logs; a drill of the newer one."""
    made = ObjectsInMemory()
    made.generation(1)
    made.full(1, 10, minutes=0)
    made.generation(2)
    made.full(2, 20, minutes=50)
    made.full(2, 30, minutes=55)
    made.log(2, 29, 40, minutes=59)
    result = {"passed": True, "at": "2027-01-15T12:30:00+00:00", "by": "c", "generation": 2, "revision": 9}
    body = json.dumps({**result, "seconds": 3.0, "what": ""}).encode()
    made.put(f"{names.DRILLS}2027-01-15T123000Z-c.json", body, minutes=31)
    return made


def test_the_newest_of_everything(s3: ObjectsInMemory) -> None:
    """A log counts like a full snapshot; ages are by the bucket's clock."""
    found = state.look(target_with(s3))
    assert found == state.BackupState(
        newest="2027-01-15T12:59:00+00:00",
        newest_age_seconds=60.0,
        full_id="2/30",
        full_written="2027-01-15T12:55:00+00:00",
        full_size_bytes=8,
        drill="2027-01-15T12:30:00+00:00",
        drill_passed=True,
    )
    assert "60 s ago" in _shown(found)
    assert "passed" in _shown(found)


def test_logs_are_not_read(s3: ObjectsInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked often, and a log may have megabytes."""
    read: list[str] = []
    get = s3.get_object

    def get_object(*, Bucket: str, Key: str) -> dict[str, object]:  # noqa: N803
        read.append(Key)
        return get(Bucket=Bucket, Key=Key)

    monkeypatch.setattr(s3, "get_object", get_object)
    state.look(target_with(s3))
    assert all(key.startswith(names.DRILLS) for key in read)


def test_no_backup_yet_is_a_problem() -> None:
    """Also where a generation has begun, and its full snapshot is not there."""
    s3 = ObjectsInMemory()
    assert "none yet" in _shown(state.look(target_with(s3)))
    s3.generation(1)
    assert "none yet" in _shown(state.look(target_with(s3)))


def test_a_bucket_that_refuses_does_not_end_status(
    s3: ObjectsInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not read backups sees the rest, and why not these."""

    def refuse(_: str) -> ObjectsInMemory:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    monkeypatch.setattr(s3, "get_paginator", refuse)
    assert "AccessDenied" in _shown(state.look(target_with(s3)))
