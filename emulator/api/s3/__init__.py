"""S3 as on AWS where ministack asks for more, or allows more."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region

from emulator.api import patches
from emulator.api.context import Context

_RESOLVE_SSE = patches.declare(
    "ministack.services.s3",
    "_resolve_sse_write_headers",
    parameters=("headers", "bucket_name"),
    why="a write with aws:kms that names no key uses the bucket's key, or else the account's aws/s3",
)
_DEFAULT_SSE = patches.declare(
    "ministack.services.s3",
    "_bucket_default_sse_headers",
    parameters=("bucket_name",),
    why="the bucket's default encryption",
)
_ALGORITHM = "x-amz-server-side-encryption"
_KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"


def install(context: Context) -> None:
    """Patch ministack's S3."""
    del context
    _RESOLVE_SSE.replace(_with_key(_RESOLVE_SSE.get()))
    _DEFAULT_SSE.replace(_with_managed_key(_DEFAULT_SSE.get()))


def _with_key(original: Callable[..., Any]) -> Callable[..., Any]:
    def resolve_sse_write_headers(headers: Mapping[str, str], bucket_name: str) -> Any:
        if headers.get(_ALGORITHM) == "aws:kms" and not headers.get(_KEY_ID):
            key_id = _DEFAULT_SSE.get()(bucket_name).get(_KEY_ID) or _managed_key()
            headers = {**headers, _KEY_ID: key_id}
        return original(headers, bucket_name)

    return resolve_sse_write_headers


def _with_managed_key(original: Callable[[str], dict[str, str]]) -> Callable[[str], dict[str, str]]:
    def bucket_default_sse_headers(bucket_name: str) -> dict[str, str]:
        headers = original(bucket_name)
        if headers.get(_ALGORITHM) == "aws:kms":
            headers.setdefault(_KEY_ID, _managed_key())
        return headers

    return bucket_default_sse_headers


def _managed_key() -> str:
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"
