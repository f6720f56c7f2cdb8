"""CloudWatch: metrics are no resources, and writing them is bound to a namespace by a condition key.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
"""

import json
from typing import Any

import cbor2

from emulator.api.iam.checks import ANY, Check, Request


def checks(request: Request) -> list[Check] | None:
    """The checks of a request about metrics; None leaves those about alarms to ministack."""
    if request.action not in ("PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"):
        return None
    writes = request.action == "PutMetricData"
    return [Check(resource_arn=ANY, keys={"cloudwatch:namespace": _namespace(request)} if writes else {})]


def _namespace(request: Request) -> str:
    """Of a request in any of CloudWatch's protocols."""
    if name := request.parameter("Namespace"):
        return name
    document: Any = {}
    try:
        is_cbor = "cbor" in request.headers.get("smithy-protocol", "")
        document = cbor2.loads(request.body) if is_cbor else json.loads(request.body or b"{}")
    except (ValueError, cbor2.CBORDecodeError):
        return ""
    return str(document.get("Namespace", "")) if isinstance(document, dict) else ""
