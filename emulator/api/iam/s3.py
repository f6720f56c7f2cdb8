"""S3: conditional writes, and the key of an encrypted object, which S3 uses in the caller's name."""

from typing import Any

from emulator.api import patches
from emulator.api.iam.checks import Check, Request

_BUCKETS = patches.declare("ministack.services.s3", "_buckets", why="an object knows how it was encrypted")
_DEFAULT_SSE = patches.declare(
    "ministack.services.s3",
    "_bucket_default_sse_headers",
    parameters=("bucket_name",),
    why="a write without encryption headers uses the bucket's key",
)
_STORED_SSE = patches.declare(
    "ministack.services.s3", "_stored_sse_headers", parameters=("obj",), why="a read needs the object's key"
)
_KMS_RESOLVE = patches.declare(
    "ministack.services.kms",
    "_resolve_key",
    parameters=("key_id_or_arn",),
    why="the key of an encrypted bucket may be named by id, ARN or alias",
)
_WRITES = frozenset({"PutObject"})
_READS = frozenset({"GetObject", "GetObjectVersion"})
_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
_ALGORITHM_HEADER = "x-amz-server-side-encryption"


def checks(request: Request) -> list[Check] | None:
    """The checks of a request for an object; None leaves them to ministack."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not key or request.action not in _WRITES | _READS:
        return None
    arn = f"arn:aws:s3:::{bucket}/{key}"
    found = [Check(resource_arn=arn, keys={**_conditional_keys(request), **_creation_key(request)})]
    writes = request.action in _WRITES
    sse = _write_encryption(request, bucket) if writes else _read_encryption(bucket, key)
    kms_key = _KMS_RESOLVE.get()(sse.get(_KEY_HEADER) or "")
    if sse.get(_ALGORITHM_HEADER) == "aws:kms" and kms_key is not None:
        found.append(
            Check(
                service="kms",
                action="kms:GenerateDataKey" if writes else "kms:Decrypt",
                resource_arn=kms_key["Arn"],
                keys={
                    "kms:ViaService": f"s3.{request.region}.amazonaws.com",
                    "kms:CallerAccount": request.account_id,
                    "kms:EncryptionContextKeys": ["aws:s3:arn"],
                    # With an S3 Bucket Key, which CDK and we use, the context is the bucket's ARN.
                    "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}",
                },
            )
        )
    return found


def _conditional_keys(request: Request) -> dict[str, Any]:
    """s3:if-none-match and s3:if-match (S3 user guide, "Enforce conditional writes")."""
    return {
        f"s3:{name}": request.headers[name]
        for name in ("if-none-match", "if-match")
        if request.action in _WRITES and name in request.headers
    }


def _creation_key(request: Request) -> dict[str, Any]:
    """s3:ObjectCreationOperation: whether a write makes an object, or prepares one of several parts.

    CreateMultipartUpload is a POST with `uploads`, UploadPart a PUT with `partNumber`
    (S3 user guide, "Enforce conditional writes").
    """
    if request.action not in _WRITES:
        return {}
    prepares = "uploads" in request.parameters or "partNumber" in request.parameters
    return {"s3:ObjectCreationOperation": "false" if prepares else "true"}


def _write_encryption(request: Request, bucket: str) -> dict[str, str]:
    if _ALGORITHM_HEADER in request.headers:
        return {name: request.headers.get(name, "") for name in (_ALGORITHM_HEADER, _KEY_HEADER)}
    headers: dict[str, str] = _DEFAULT_SSE.get()(bucket)
    return headers


def _read_encryption(bucket: str, key: str) -> dict[str, str]:
    stored = (_BUCKETS.get().get(bucket) or {}).get("objects", {}).get(key)
    if stored is None:
        return {}
    headers: dict[str, str] = _STORED_SSE.get()(stored)
    return headers
