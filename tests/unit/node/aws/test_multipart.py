# ruff: noqa: D102, N803 - methods and arguments are named as AWS names them
"""Large files as objects that are written once: in parts, with the condition on their completion."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kubequorum_node.aws.state_store import PreconditionError, StateStore
from tests.unit.node.fake_aws import FakeAws
from tests.unit.node.fake_s3 import failure
from tests.unit.node.fakes import FakeClock

CONTENT = b"abcdefghij" * 10
KEY = "backups/1"


class PartsInMemory(FakeAws):
    """S3 with uploads in parts."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.uploads: dict[str, dict[int, bytes]] = {}

    def put_object(self, *, Key: str, Body: Any, **_: Any) -> dict[str, Any]:
        self.objects[Key] = Body.read()
        return {"ETag": "whole"}

    def create_multipart_upload(self, **_: Any) -> dict[str, Any]:
        name = f"upload-{len(self.asked('create_multipart_upload'))}"
        self.uploads[name] = {}
        return {"UploadId": name}

    def upload_part(self, *, UploadId: str, PartNumber: int, Body: Any, **_: Any) -> dict[str, Any]:
        self.uploads[UploadId][PartNumber] = Body.read()
        return {"ETag": f"part-{PartNumber}"}

    def complete_multipart_upload(
        self, *, Key: str, UploadId: str, MultipartUpload: Any, IfNoneMatch: str, **_: Any
    ) -> dict[str, Any]:
        if UploadId not in self.uploads:
            raise failure("complete_multipart_upload", "NoSuchUpload", "gone", status=404)
        if IfNoneMatch and Key in self.objects:
            raise failure("complete_multipart_upload", "PreconditionFailed", "it is there", status=412)
        parts = self.uploads.pop(UploadId)
        assert [part["PartNumber"] for part in MultipartUpload["Parts"]] == sorted(parts)
        self.objects[Key] = b"".join(parts[number] for number in sorted(parts))
        return {"ETag": "whole"}

    def abort_multipart_upload(self, *, UploadId: str, **_: Any) -> dict[str, Any]:
        self.uploads.pop(UploadId, None)
        return {}


@pytest.fixture
def aws() -> PartsInMemory:
    """S3."""
    return PartsInMemory()


@pytest.fixture
def store(aws: PartsInMemory) -> StateStore:
    """The bucket."""
    return StateStore(aws, "ha-state", clock=FakeClock())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of 100 bytes."""
    path = tmp_path / "snapshot.db"
    path.write_bytes(CONTENT)
    return path


def test_a_large_file_is_one_object(store: StateStore, aws: PartsInMemory, source: Path) -> None:
    """All of it, in the order of its parts; the condition is on what makes the object."""
    store.create(KEY, source, part_bytes=30)
    assert aws.objects[KEY] == CONTENT
    assert [part["PartNumber"] for part in aws.asked("upload_part")] == [1, 2, 3, 4]
    assert aws.asked("complete_multipart_upload")[0]["IfNoneMatch"] == "*"
    assert aws.asked("put_object") == []


def test_a_file_of_one_part_is_one_request(store: StateStore, aws: PartsInMemory, source: Path) -> None:
    """Which is what most backups are."""
    store.create(KEY, source, part_bytes=100)
    assert aws.objects[KEY] == CONTENT
    assert aws.asked("put_object")[0]["IfNoneMatch"] == "*"
    assert aws.uploads == {}


def test_an_object_that_is_there_stays(store: StateStore, aws: PartsInMemory, source: Path) -> None:
    """The parts are removed: they would cost money until the bucket's rule removes them."""
    aws.objects[KEY] = b"of another writer"
    with pytest.raises(PreconditionError, match=KEY):
        store.create(KEY, source, part_bytes=30)
    assert (aws.objects[KEY], aws.uploads) == (b"of another writer", {})


def test_after_a_collision_all_parts_are_sent_again(
    store: StateStore, aws: PartsInMemory, source: Path
) -> None:
    """S3 answers 409 while another writer completes an upload of that name."""
    aws.fail("complete_multipart_upload", "ConditionalRequestConflict")
    store.create(KEY, source, part_bytes=30)
    assert aws.objects[KEY] == CONTENT
    assert len(aws.asked("upload_part")) == 8
    assert aws.uploads == {}


def test_a_part_that_fails_leaves_nothing(store: StateStore, aws: PartsInMemory, source: Path) -> None:
    """Neither an object nor parts."""
    aws.fail("upload_part", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        store.create(KEY, source, part_bytes=30)
    assert (aws.objects, aws.uploads) == ({}, {})


def test_a_completion_whose_answer_was_lost_counts_as_written(
    store: StateStore, aws: PartsInMemory, source: Path
) -> None:
    """The client repeats it, and S3 no longer knows the upload."""

    def done_before() -> None:
        aws.objects[KEY] = CONTENT
        aws.uploads.clear()

    aws.first("complete_multipart_upload", done_before)
    with pytest.raises(PreconditionError, match="written before"):
        store.create(KEY, source, part_bytes=30)
