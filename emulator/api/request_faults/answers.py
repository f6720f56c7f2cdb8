"""Answers that a service never gave, in its own protocol."""

from emulator.api import patches
from emulator.api.request_faults.callers import Head, Operation
from emulator.api.wire import Protocol, Reply

_RENDER = patches.declare(
    "ministack.core.iam_actions",
    "access_denied_response",
    why="knows the envelope of an error of every service",
)

_THROTTLED = {
    # https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "s3": ("SlowDown", 503, "Please reduce your request rate."),
    "ssm": ("ThrottlingException", 400, "Rate exceeded"),
    "kms": ("ThrottlingException", 400, "Rate exceeded"),
}
_THROTTLED_ELSEWHERE = ("Throttling", 400, "Rate exceeded")
"""Of Auto Scaling, CloudFormation, Elastic Load Balancing, Route 53, STS and IAM."""

_XML_PROTOCOLS = {
    "autoscaling": "autoscaling",
    "cloudformation": "cloudformation",
    "ec2": "ec2",
    "elasticloadbalancing": "elbv2",
    "iam": "iam",
    "sts": "sts",
}
"""ministack's name of a service → botocore's."""


def throttled(operation: Operation, head: Head) -> Reply:
    """What the service says to too many requests."""
    code, status, message = _THROTTLED.get(operation.service, _THROTTLED_ELSEWHERE)
    return error(operation, head, code=code, status=status, message=message)


def error(
    operation: Operation, head: Head, *, code: str, status: int | None, message: str = "Injected fault."
) -> Reply:
    """An error of the service. Codes of failed authentication become the service's own, with its status."""
    own_status, headers, body = _RENDER.get()(
        operation.service,
        f"{operation.service}:{operation.name}",
        "",
        "00000000-0000-0000-0000-000000000000",
        error_code=code,
        message=message,
        headers=head.headers,
    )
    return status or (400 if own_status == 403 else own_status), headers, body


def can_say_success(service: str) -> bool:
    """Whether a service's answer that something is done can be made up: not those of REST with XML."""
    return service not in ("*", "s3", "route53", "cloudfront")


def success(operation: Operation) -> Reply:
    """That it is done, with nothing else in the answer."""
    name = _XML_PROTOCOLS.get(operation.service)
    if name is not None:
        return Protocol(name).render_success(operation.name)
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"
