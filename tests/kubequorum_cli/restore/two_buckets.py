"""S3 with the state buckets of two clusters, one of which is restored from the other's backups."""

from typing import Any

from botocore.exceptions import ClientError

from tests.kubequorum_cli.backups.bucket_stub import BUCKET
from tests.kubequorum_cli.restore.bucket_stub import StubBucket

OTHER = "other-state"


class TwoBuckets:
    """S3 with both clusters' state buckets."""

    def __init__(self) -> None:
        self.own, self.other = StubBucket(), StubBucket()
        self.parts: dict[int, bytes] = {}
        self.conditions: list[str] = []

    def __getattr__(self, operation: str) -> Any:
        def call(*, Bucket: str, **request: Any) -> Any:  # noqa: N803
            bucket = {BUCKET: self.own, OTHER: self.other}[Bucket]
            if hasattr(request.get("Body"), "read"):
                request["Body"] = request["Body"].read()
            if operation == "put_object":
                assert bucket is self.own, "nothing is written there"
            return getattr(bucket, operation)(Bucket=BUCKET, **request)

        return call

    def head_bucket(self, *, Bucket: str) -> None:  # noqa: N803
        """Of S3, whose answer to HEAD has no body."""
        if Bucket not in {BUCKET, OTHER}:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadBucket")

    def get_paginator(self, operation: str) -> "TwoBuckets":
        """Of list_objects_v2."""
        assert operation == "list_objects_v2"
        return self

    def create_multipart_upload(self, **_: object) -> dict[str, str]:
        """Of S3."""
        return {"UploadId": "1"}

    def upload_part(self, *, PartNumber: int, Body: bytes, **_: object) -> dict[str, str]:  # noqa: N803
        """Of S3."""
        self.parts[PartNumber] = Body
        return {"ETag": str(PartNumber)}

    def complete_multipart_upload(self, *, Key: str, IfNoneMatch: str, **_: object) -> None:  # noqa: N803
        """Of S3."""
        self.conditions.append(IfNoneMatch)
        self.own.put(Key, b"".join(self.parts.values()), minutes=0)
