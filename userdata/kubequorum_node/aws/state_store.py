"""The state bucket: objects that the nodes of a cluster share, with conditional writes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from kubequorum_node.aws import multipart
from kubequorum_node.aws.clients import Aws, error_code
from kubequorum_node.clock import Clock, RetryPolicy
from kubequorum_node.errors import NodeError

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ListObjectsV2RequestTypeDef, PutObjectRequestTypeDef

_ABSENT = frozenset({"NoSuchKey", "404"})
_LOST = frozenset({"PreconditionFailed", "412"})
_COLLISION = frozenset({"ConditionalRequestConflict", "OperationAborted", "409"})
"""Two conditional writes at the same moment: S3 wants them repeated.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""
_AFTER_COLLISION = RetryPolicy(attempts=6, pause_seconds=0.4, growth=1.5)

NOT_THERE = "not there"
"""For `put`: write only if there is no such object yet."""


class PreconditionError(NodeError):
    """Another host wrote the object first."""


class MissingObjectError(NodeError):
    """There is no such object."""


@dataclass(frozen=True)
class Stored:
    """An object as it was read."""

    body: bytes
    etag: str
    key_id: str = ""
    """The KMS key that it is encrypted with."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An object as a listing shows it."""

    key: str
    size_bytes: int
    written: datetime


class StateStore:
    """Objects in the state bucket. The bucket encrypts all of them with the cluster's key."""

    def __init__(self, aws: Aws, bucket: str, *, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._bucket = bucket

    def get(self, key: str) -> Stored | None:
        """A small object; None if there is none."""

        def read() -> Stored:
            answer = self._aws.s3.get_object(Bucket=self._bucket, Key=key)
            return Stored(answer["Body"].read(), answer["ETag"], key_id=answer.get("SSEKMSKeyId", ""))

        try:
            return self._aws.call(read)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return None
            raise

    def put(
        self, key: str, body: str | bytes, *, only_if: str | None = None, content_type: str | None = None
    ) -> str:
        """Write a small object and return its ETag.

        Args:
            key: name of the object.
            body: its content.
            only_if: the ETag that the object must have, or NOT_THERE if it must not be there yet.
            content_type: its media type; None for S3's default.

        Raises:
            PreconditionError: the object is another than `only_if` says.

        """
        content = body.encode() if isinstance(body, str) else body
        request: PutObjectRequestTypeDef = {"Bucket": self._bucket, "Key": key, "Body": content}
        if content_type is not None:
            request["ContentType"] = content_type
        if only_if == NOT_THERE:
            request["IfNoneMatch"] = "*"
        elif only_if is not None:
            request["IfMatch"] = only_if
        return self._conditionally(key, lambda: self._put(request), only_if)

    def upload(self, key: str, source: Path) -> None:
        """Write a file of any size, in parts where it is large; the object appears as a whole."""
        self._aws.call(lambda: self._aws.s3.upload_file(str(source), self._bucket, key))

    def create(
        self,
        key: str,
        source: Path,
        *,
        metadata: dict[str, str] | None = None,
        part_bytes: int = multipart.PART_BYTES,
    ) -> None:
        """Write a file of any size that must not be there yet, in parts where it is larger than one.

        Args:
            key: of the object.
            source: the file.
            metadata: kept with the object; ASCII, 2 KiB in all
                (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
            part_bytes: the size of a part.

        Raises:
            PreconditionError: it is there.

        """

        def send() -> str:
            with source.open("rb") as body:
                answer = self._aws.s3.put_object(
                    Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*", Metadata=metadata or {}
                )
            return answer["ETag"]

        def send_in_parts() -> str:
            return multipart.create(
                self._aws, self._bucket, key, source, metadata=metadata or {}, part_bytes=part_bytes
            )

        if source.stat().st_size <= part_bytes:
            self._conditionally(key, lambda: self._aws.call(send), NOT_THERE)
            return
        try:
            self._conditionally(key, send_in_parts, NOT_THERE)
        except multipart.CompletedBeforeError as error:
            raise PreconditionError(f"s3://{self._bucket}/{key} was written before: {error}") from error

    def download(self, key: str, target: Path) -> None:
        """Read an object of any size into a file, which appears as a whole.

        Raises:
            MissingObjectError: there is no such object.

        """
        try:
            self._aws.call(lambda: self._aws.s3.download_file(self._bucket, key, str(target)))
        except ClientError as error:
            if error_code(error) in _ABSENT:
                raise MissingObjectError(f"there is no s3://{self._bucket}/{key}") from error
            raise

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, 1,000 at most; those that are not there are ignored.

        Raises:
            NodeError: S3 refuses some of them.

        """
        answer = self._aws.call(
            lambda: self._aws.s3.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        )
        if errors := answer.get("Errors"):
            raise NodeError(
                f"s3://{self._bucket}: {len(errors)} objects could not be deleted; the first: {errors[0]}"
            )

    def entries(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """All objects whose keys begin so, by key, from the first one behind `after`."""
        request: ListObjectsV2RequestTypeDef = {"Bucket": self._bucket, "Prefix": prefix}
        if after:
            request["StartAfter"] = after
        while True:
            page = self._aws.call(lambda: self._aws.s3.list_objects_v2(**request))
            for found in page.get("Contents", []):
                yield Entry(key=found["Key"], size_bytes=found["Size"], written=found["LastModified"])
            if not page["IsTruncated"]:
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def _conditionally(self, key: str, send: Callable[[], str], only_if: str | None) -> str:
        """Send a conditional write; a collision with another one is retried."""
        try:
            return self._clock.retry(
                send,
                _AFTER_COLLISION,
                retry_if=lambda failure: (
                    isinstance(failure, ClientError) and error_code(failure) in _COLLISION
                ),
            )
        except ClientError as error:
            gone = only_if not in (None, NOT_THERE) and error_code(error) in _ABSENT
            if gone or error_code(error) in _LOST:
                raise PreconditionError(
                    f"s3://{self._bucket}/{key} was written by another host meanwhile"
                ) from error
            raise

    def _put(self, request: Any) -> str:
        return str(self._aws.call(lambda: self._aws.s3.put_object(**request))["ETag"])
