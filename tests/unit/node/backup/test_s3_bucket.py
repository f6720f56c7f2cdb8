"""The state bucket through the interface of backups."""

from pathlib import Path

import pytest

from kubequorum_node.aws.state_store import StateStore
from kubequorum_node.backup.errors import ObjectExistsError
from kubequorum_node.backup.s3_bucket import S3Bucket
from tests.unit.node.fake_aws import FakeAws
from tests.unit.node.fakes import FakeClock


@pytest.fixture
def aws() -> FakeAws:
    """S3."""
    return FakeAws(FakeClock())


@pytest.fixture
def bucket(aws: FakeAws) -> S3Bucket:
    """The bucket."""
    return S3Bucket(StateStore(aws, "ha-state", clock=FakeClock()))


def test_an_object_is_written_once(bucket: S3Bucket, aws: FakeAws) -> None:
    """Whoever comes second learns it."""
    bucket.create("backups/1", b"first")
    with pytest.raises(ObjectExistsError, match="backups/1"):
        bucket.create("backups/1", b"second")
    assert bucket.read("backups/1") == b"first"
    assert bucket.read("backups/2") is None


def test_a_collision_with_another_writer_is_retried(bucket: S3Bucket, aws: FakeAws) -> None:
    """S3 answers 409 while both are under way."""
    aws.fail("put_object", "ConditionalRequestConflict", times=2)
    bucket.create("backups/1", b"body")
    assert bucket.read("backups/1") == b"body"


def test_a_file_is_written_once(bucket: S3Bucket, aws: FakeAws, tmp_path: Path) -> None:
    """See `create`."""
    source = tmp_path / "snapshot.db"
    source.write_bytes(b"snapshot")
    aws.objects["backups/1"] = b"there"
    with pytest.raises(ObjectExistsError):
        bucket.create_from_file("backups/1", source)
    assert aws.asked("put_object")[-1]["IfNoneMatch"] == "*"
