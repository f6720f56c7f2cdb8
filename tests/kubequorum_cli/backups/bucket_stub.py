"""A target whose S3 is a dictionary, filled with objects that the node program's own code has made."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.target import Target
from kubequorum_node.backup import log_object, names
from kubequorum_node.backup.changes import Event, Revision

BUCKET = "state"
BEGIN = datetime(2027, 1, 15, 12, tzinfo=UTC)


@dataclass
class ObjectsInMemory:
    """S3, as far as a reader needs it; listings have pages of two."""

    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    requests: int = 0

    def get_paginator(self, operation: str) -> "ObjectsInMemory":
        """Of list_objects_v2."""
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
        """Pages of a listing."""
        assert Bucket == BUCKET
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > StartAfter)
        for start in range(0, max(1, len(keys)), 2):
            self.requests += 1
            yield {
                "Contents": [
                    {"Key": key, "Size": len(self.objects[key][0]), "LastModified": self.objects[key][1]}
                    for key in keys[start : start + 2]
                ]
            }

    def list_objects_v2(self, **_: object) -> dict[str, Any]:
        """For the Date header."""
        now = BEGIN + timedelta(hours=1)
        date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """One object."""
        assert Bucket == BUCKET
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": BytesIO(self.objects[Key][0])}

    # What writers do ---------------------------------------------------

    def put(self, key: str, body: bytes, *, minutes: float) -> None:
        """Write an object so many minutes after BEGIN."""
        self.objects[key] = (body, BEGIN + timedelta(minutes=minutes))

    def generation(self, number: int) -> None:
        """Begin a generation."""
        body = b'{"begun": "2027-01-15T12:00:00+00:00", "cluster_id": "c9e1"}\n'
        self.put(names.generation_key(number), body, minutes=0)

    def full(self, generation: int, revision: int, *, minutes: float) -> None:
        """A full snapshot; what is in it is not read."""
        self.put(names.full(generation, revision), b"snapshot", minutes=minutes)

    def log(self, generation: int, first: int, last: int, *, minutes: float) -> None:
        """A log object, encoded as masters do it; a revision a second."""
        revisions = [
            Revision(
                number=number,
                events=(Event(key="aw==", value="dg=="),),
                seen=(BEGIN + timedelta(minutes=minutes, seconds=number - last)).timestamp(),
            )
            for number in range(first, last + 1)
        ]
        body = log_object.encode(
            [(revision.number, revision.to_line()) for revision in revisions],
            events=len(revisions),
            cluster_id="c9e1",
            writer="b",
            written=BEGIN.timestamp(),
            leases={},
        )
        self.put(names.log(generation, first), body, minutes=minutes)


class _Session:
    def __init__(self, s3: ObjectsInMemory) -> None:
        self._s3 = s3

    def client(self, service: str, **_: object) -> Any:
        """Clients of the two services that are asked."""
        return self._s3 if service == "s3" else self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        """The State stack."""
        output = {"OutputKey": "StateBucketArn", "OutputValue": f"arn:aws:s3:::{BUCKET}"}
        return {"Stacks": [{"StackName": StackName, "Outputs": [output]}]}


def target_with(s3: ObjectsInMemory) -> Target:
    """A cluster whose state bucket is this one."""
    return Target(cluster="x", session=_Session(s3), kubeconfig=Path("unused"))  # type: ignore[arg-type]
