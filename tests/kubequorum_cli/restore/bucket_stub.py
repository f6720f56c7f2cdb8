# ruff: noqa: D102, N803 - methods and arguments are named as AWS names them
"""A state bucket that can be restored from and a cluster around it, as the command sees them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.target import Target
from kubequorum_node.volume.slot_record import MEMBER, SlotRecord
from tests.kubequorum_cli.backups.bucket_stub import BUCKET, ObjectsInMemory


class StubBucket(ObjectsInMemory):
    """With what a restore does: conditional writes, and metadata."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str) -> None:
        assert (Bucket, IfNoneMatch) == (BUCKET, "*")
        if Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[Key] = (Body, datetime.now(UTC))

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == BUCKET
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        about = {"revision": "28", "seen": "1800000000.5", "full": "full-10", "left-out": '"log-31: damaged"'}
        return {"LastModified": self.objects[Key][1], "Metadata": about}

    def record(self, slot: str, *, restore: int) -> None:
        """A slot's record, as its master writes it."""
        record = SlotRecord(
            volume="vol-1",
            generation=1,
            instance=f"{slot}1",
            stage=MEMBER,
            restore=restore,
            outcome="ready",
        )
        self.put(f"slots/{slot}/record.json", record.to_json().encode(), minutes=0)


class _Session:
    """State is deployed; ControlPlane as the test wants."""

    def __init__(self, s3: StubBucket, *, control_plane: bool) -> None:
        self._s3 = s3
        self._stacks = {"x-State", "x-ControlPlane"} if control_plane else {"x-State"}

    def client(self, service: str, **_: object) -> Any:
        return self._s3 if service == "s3" else self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if StackName not in self._stacks:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        output = {"OutputKey": "StateBucketArn", "OutputValue": f"arn:aws:s3:::{BUCKET}"}
        return {"Stacks": [{"StackName": StackName, "Outputs": [output]}]}


def target_of(s3: StubBucket, *, control_plane: bool = False) -> Target:
    """The cluster of the bucket, with a control plane or without."""
    session = _Session(s3, control_plane=control_plane)
    return Target(cluster="x", session=session, kubeconfig=Path("unused"))  # type: ignore[arg-type]
