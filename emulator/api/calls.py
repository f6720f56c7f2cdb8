"""Calls between emulated services, as AWS's services make them: by API, without a caller's permissions.

The clients are boto3's. Only their last step differs: instead of sending the
request they pass it to the service's module in this process.
"""

import io
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.core.responses import get_region

from emulator.api import patches

_MODULE = patches.declare(
    "ministack.app", "_get_module", parameters=("name",), why="a call is handed to the service's module"
)
_SYNC = patches.declare(
    "ministack.app",
    "call_service_handler_sync",
    parameters=("handler", "method", "path", "headers", "body", "query_params", "timeout"),
    why="handlers run on the event loop; a worker thread waits for them",
)
_MODULE_NAMES = {"elbv2": "alb", "logs": "cloudwatch_logs"}
"""ministack's modules whose name is not boto3's."""


class CallError(Exception):
    """An API call that was refused, worded as in CloudFormation's events."""

    def __init__(self, service: str, error: ClientError) -> None:
        self.code: str = error.response["Error"]["Code"]
        self.message: str = error.response["Error"]["Message"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        super().__init__(
            f'Resource handler returned message: "{self.message} (Service: {service}, '
            f'Status Code: {status})" '
            f"(HandlerErrorCode: {self.code})"
        )


def call(service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
    """Call an operation by boto3's names, e.g. `call("ec2", "create_volume", Size=10, …)`.

    To be called in a worker thread, in the account and region that the call is for.

    Raises:
        CallError: the service refused.
        botocore.exceptions.ParamValidationError: a parameter is not what the API takes.
    """
    try:
        response: dict[str, Any] = getattr(_client(service, get_region()), operation)(**parameters)
    except ClientError as error:
        raise CallError(service, error) from error
    return response


@cache
def _client(service: str, region: str) -> Any:
    client = boto3.client(  # type: ignore[call-overload]
        service,
        region_name=region,
        endpoint_url="http://in-process.invalid",
        aws_access_key_id="in-process",
        aws_secret_access_key="in-process",  # noqa: S106  (signs a request that no one verifies)
        config=Config(
            retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, parameter_validation=True
        ),
    )

    def deliver(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        url = urlsplit(request.url)
        body: Any = request.body or b""
        status, headers, reply = _SYNC.get()(
            _MODULE.get()(_MODULE_NAMES.get(service, service)).handle_request,
            request.method,
            unquote(url.path),
            {name.lower(): _text(value) for name, value in request.headers.items()},
            _content(body),
            parse_qs(url.query, keep_blank_values=True),
        )
        raw: Any = _Raw(_content(reply))
        return AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), raw)

    client.meta.events.register("before-send", deliver)
    return client


class _Raw(io.BytesIO):
    """A reply's body as AWSResponse reads it."""

    def stream(self, amount: int = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:
        del decode_content
        while chunk := self.read(amount):
            yield chunk


def _content(body: Any) -> bytes:
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
