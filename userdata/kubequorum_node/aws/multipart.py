"""Writing a large file as an object that must not be there yet: in parts, each retried by itself.

The condition is on CompleteMultipartUpload, which makes the object
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). An upload that is given up is
aborted; what a crash leaves, the bucket's lifecycle rule removes.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.utils import ReadFileChunk

from kubequorum_node.aws.clients import Aws, error_code

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 256 << 20
"""10,000 parts are allowed; an object of this size or less is one PUT."""
_NO_UPLOAD = "NoSuchUpload"


class CompletedBeforeError(Exception):
    """The upload no longer exists: its completion was done, and the answer to it lost."""


def create(
    aws: Aws,
    bucket: str,
    key: str,
    source: Path,
    *,
    metadata: dict[str, str],
    part_bytes: int = PART_BYTES,
) -> str:
    """Upload a file, and make it an object if there is none of that name; returns the ETag.

    Args:
        aws: clients.
        bucket: its name.
        key: the object's.
        source: the file.
        metadata: kept with the object.
        part_bytes: size of all parts but the last.

    Raises:
        ClientError: as a conditional PutObject would; after 409 all of it must be repeated.
        CompletedBeforeError: whether the object is this one must be found out.

    """
    upload = aws.call(lambda: aws.s3.create_multipart_upload(Bucket=bucket, Key=key, Metadata=metadata))[
        "UploadId"
    ]
    try:
        sent = _parts(aws, bucket=bucket, key=key, upload=upload, source=source, part_bytes=part_bytes)
        parts = list(sent)
        answer = aws.call(
            lambda: aws.s3.complete_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        )
    except BaseException as error:
        if isinstance(error, ClientError) and error_code(error) == _NO_UPLOAD:
            raise CompletedBeforeError(f"{key}: {error}") from error
        with suppress(ClientError, BotoCoreError):
            aws.s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        raise
    return answer["ETag"]


def _parts(
    aws: Aws, *, bucket: str, key: str, upload: str, source: Path, part_bytes: int
) -> "Iterator[CompletedPartTypeDef]":
    size = source.stat().st_size
    for number, start in enumerate(range(0, size, part_bytes), 1):

        def send(number: int = number, start: int = start) -> str:
            with ReadFileChunk.from_filename(str(source), start, part_bytes) as body:
                # A file as far as botocore uses it.
                content = cast("IO[bytes]", body)
                answer = aws.s3.upload_part(
                    Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=content
                )
            return answer["ETag"]

        yield {"PartNumber": number, "ETag": aws.call(send)}
