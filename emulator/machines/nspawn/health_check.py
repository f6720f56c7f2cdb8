"""Health checks of a load balancer: real requests from inside the VPC.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
"""

import http.client
import socket
import ssl
from collections.abc import Callable

from emulator.interfaces.target_probe import Finding, TargetCheck

MakeSocket = Callable[[], socket.socket]


def check(target: TargetCheck, make_socket: MakeSocket) -> Finding:
    """Check once through a socket of the VPC; each network operation takes at most the check's timeout."""
    try:
        with make_socket() as made:
            made.settimeout(target.timeout_seconds)
            made.connect((target.address, target.port))
            if target.protocol == "TCP":
                return Finding(healthy=True)
            return _request(target, made)
    except TimeoutError:
        return Finding(healthy=False, reason="Target.Timeout", description="Request timed out")
    except (OSError, http.client.HTTPException) as error:
        return Finding(
            healthy=False,
            reason="Target.FailedHealthChecks",
            description=f"Health checks failed: {type(error).__name__}",
        )


def _request(target: TargetCheck, connected: socket.socket) -> Finding:
    connection = http.client.HTTPConnection(target.address, target.port)
    connection.sock = _no_verification().wrap_socket(connected) if target.protocol == "HTTPS" else connected
    try:
        headers = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
        connection.request("GET", target.path or "/", headers=headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if _matches(status, target.success_codes):
        return Finding(healthy=True)
    return Finding(
        healthy=False,
        reason="Target.ResponseCodeMismatch",
        description=f"Health checks failed with these codes: [{status}]",
    )


def _matches(status: int, codes: str) -> bool:
    """Whether a matcher such as `200`, `200,302` or `200-399` includes the status."""
    for part in codes.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def _no_verification() -> ssl.SSLContext:
    """A load balancer does not verify its targets' certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
