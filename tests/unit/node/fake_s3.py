# ruff: noqa: D102, N803 - methods and arguments are named as AWS names them
"""The part of the fake AWS that writes, lists and downloads objects."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_node.clock import Clock


class FakeS3:
    """S3 with one bucket."""

    _time: Clock
    objects: dict[str, bytes]
    written: dict[str, datetime]
    """When an object was written, if not just now."""
    before: dict[str, list[Callable[[], None]]]

    def put_object(
        self, *, Key: str, Body: Any, IfMatch: str = "", IfNoneMatch: str = "", **_: Any
    ) -> dict[str, Any]:
        there = self.objects.get(Key)
        if (IfNoneMatch and there is not None) or (IfMatch and (there is None or etag(there) != IfMatch)):
            raise failure("put_object", "PreconditionFailed", "the condition did not hold", status=412)
        self.objects[Key] = content = Body if isinstance(Body, bytes) else Body.read()
        return {"ETag": etag(content)}

    def download_file(self, _: str, key: str, path: str) -> None:
        """As boto3's, which is no operation of S3."""
        if waiting := self.before.get("download_file"):
            waiting.pop(0)()
        if key not in self.objects:
            raise failure("head_object", "404", "Not Found", status=404)
        Path(path).write_bytes(self.objects[key])

    def delete_objects(self, *, Delete: dict[str, Any], **_: Any) -> dict[str, Any]:
        for each in Delete["Objects"]:
            self.objects.pop(each["Key"], None)
        return {}

    def list_objects_v2(self, *, Prefix: str, StartAfter: str = "", **_: Any) -> dict[str, Any]:
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > StartAfter)
        now = datetime.fromtimestamp(self._time.wall_time(), UTC)
        return {
            "IsTruncated": False,
            "Contents": [
                {
                    "Key": key,
                    "Size": len(self.objects[key]),
                    "LastModified": self.written.get(key, now),
                }
                for key in keys
            ],
        }


def failure(operation: str, code: str, message: str, *, status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


def etag(body: bytes) -> str:
    """Of an object: another one whenever the content is another one."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
