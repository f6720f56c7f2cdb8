"""Authorization of a request: the checks that AWS makes, where ministack makes fewer or others."""

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from emulator.api import patches, sessions
from emulator.api.iam import (
    autoscaling,
    cloudwatch,
    ec2,
    load_balancing,
    origin,
    route53,
    s3,
    services,
    sts,
)
from emulator.api.iam.checks import Check, Request

log = logging.getLogger(__name__)

_ACTIONS = "ministack.core.iam_actions"
_EVALUATOR = "ministack.core.iam_evaluator"
_REQUEST_PARAMETERS = ("service", "method", "path", "headers", "body", "query_params")
_EXTRACT_ACTION = patches.declare(
    _ACTIONS, "extract_iam_action", parameters=_REQUEST_PARAMETERS, why="which action a request is"
)
_EXTRACT_ARN = patches.declare(
    _ACTIONS,
    "extract_resource_arn",
    parameters=(*_REQUEST_PARAMETERS, "region", "account_id"),
    why="called with the whole request just before it is authorized: here its checks are worked out",
)
_ENFORCE = patches.declare(
    _EVALUATOR,
    "enforce",
    parameters=("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"),
    why="a request may need several permissions, each with condition keys",
)
_DENIED_RESPONSE = patches.declare(
    _ACTIONS,
    "access_denied_response",
    parameters=(
        "service",
        "action",
        "principal_arn",
        "request_id",
        "error_code",
        "message",
        "headers",
        "resource_arn",
        "explicit_deny",
        "resource_policy_arn",
    ),
    why="a denial names the action and the resource that were refused",
)
_PIN_ORIGIN = patches.declare(
    _EVALUATOR,
    "pin_request_origin",
    parameters=("source_ip", "secure_transport"),
    why="loopback stands for TLS: aws:SecureTransport is true",
)

_CHECKS: Mapping[str, Callable[[Request], list[Check] | None]] = {
    "ec2": ec2.checks,
    "autoscaling": autoscaling.checks,
    "route53": route53.checks,
    "s3": s3.checks,
    "cloudformation": services.cloudformation,
    "monitoring": cloudwatch.checks,
    "elasticloadbalancing": load_balancing.checks,
    "ssm": services.ssm,
    "sts": sts.checks,
}


@dataclass(frozen=True)
class _Denial:
    action: str
    resource_arn: str


_pending: ContextVar[tuple[str, list[Check]] | None] = ContextVar("pending_checks", default=None)
_denial: ContextVar[_Denial | None] = ContextVar("denial", default=None)


def install() -> None:
    """Patch ministack's authorization."""
    pin_origin = _PIN_ORIGIN.get()
    _PIN_ORIGIN.replace(lambda source_ip, secure_transport: pin_origin(source_ip, True))  # noqa: ARG005
    _EXTRACT_ARN.replace(_working_out_checks(_EXTRACT_ARN.get()))
    _ENFORCE.replace(_enforcing_all(_ENFORCE.get()))
    _DENIED_RESPONSE.replace(_naming_the_resource(_DENIED_RESPONSE.get()))


def _working_out_checks(original: Callable[..., str]) -> Callable[..., str]:
    def extract_resource_arn(  # noqa: PLR0917  (ministack's own parameters)
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        action = _EXTRACT_ACTION.get()(service, method, path, headers, body, query_params)
        _pending.set(None)
        _denial.set(None)
        if action is not None and service in _CHECKS:
            request = Request(
                service=service,
                action=action.partition(":")[2],
                method=method,
                path=path,
                headers=headers,
                body=body,
                parameters=query_params,
                region=region,
                account_id=account_id,
            )
            if found := _CHECKS[service](request):
                _pending.set((action, found))
                return found[0].resource_arn
        return original(service, method, path, headers, body, query_params, region, account_id)

    return extract_resource_arn


def _enforcing_all(original: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(  # noqa: PLR0917  (ministack's own parameters)
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        sessions.note_caller(access_key_id)
        pending = _pending.get()
        if pending is not None and pending[0] == iam_action:
            _pending.set(None)
            wanted = pending[1]
        else:
            wanted = [Check(resource_arn=resource_arn)]
        for check in wanted:
            action, check_service = check.action or iam_action, check.service or service
            context = {
                **(service_context or {}),
                **origin.keys(access_key_id, service=check_service, region=region),
                **check.keys,
            }
            denied = original(
                access_key_id,
                action,
                check_service,
                region,
                resource_arn=check.resource_arn,
                service_context=context,
            )
            if denied:
                _denial.set(_Denial(action, check.resource_arn))
                return denied
        return None

    return enforce


def _naming_the_resource(original: Callable[..., Any]) -> Callable[..., Any]:
    def access_denied_response(
        service: str, action: str, principal_arn: str, request_id: str, **details: Any
    ) -> Any:
        denial = _denial.get()
        if denial is not None and not details.get("error_code"):
            reason = (
                "with an explicit deny"
                if details.get("explicit_deny")
                else f"because no identity-based policy allows the {denial.action} action"
            )
            message = (
                f"User: {principal_arn} is not authorized to perform: {denial.action} "
                f"on resource: {denial.resource_arn} {reason}"
            )
            log.info("denied: %s", message)
            if service == "ec2":
                message = f"You are not authorized to perform this operation. {message}"
            details["message"] = message
        return original(service, action, principal_arn, request_id, **details)

    return access_denied_response
