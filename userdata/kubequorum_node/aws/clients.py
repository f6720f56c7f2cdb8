"""Clients of the AWS API with bounded retries."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError

from kubequorum_node.clock import Clock, RetryPolicy
from kubequorum_node.errors import NodeError
from kubequorum_node.log import warning

if TYPE_CHECKING:
    from types_boto3_autoscaling import AutoScalingClient
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_route53 import Route53Client
    from types_boto3_s3 import S3Client
    from types_boto3_ssm import SSMClient

T = TypeVar("T")

# Standard mode retries throttling, 5xx and lost connections, pausing up to 20 s with jitter. Ten attempts
# last a few minutes at the most, well inside the time-out of the launch hook.
_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 10})
_METADATA_ATTEMPTS = 5
_METADATA_SECONDS = 5
"""botocore's default is 1 s: a slow metadata service would look like missing credentials."""
_SKEWED = frozenset({"RequestTimeTooSkewed"})
_SKEWED_WORDS = ("Signature not yet current", "Signature expired")
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"})
_NEW_CREDENTIALS = RetryPolicy(attempts=4, pause_seconds=1.5, growth=2.0)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_NEW_ROLE = RetryPolicy(pause_seconds=3.0, growth=1.0)


class ClockSkewError(NodeError):
    """AWS refuses this host's requests because its clock is off."""


class Aws:
    """The services that a node speaks to, each connected when first used; safe to share between threads."""

    def __init__(self, region: str, *, clock: Clock | None = None) -> None:
        self._region = region
        self._clock = clock or Clock()
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}
        self._session: boto3.session.Session | None = None
        self._tolerant_until = float("-inf")
        self.calls: list[str] = []
        """Every request that left this host, retries included: `service:Operation`."""

    @property
    def autoscaling(self) -> "AutoScalingClient":
        """EC2 Auto Scaling."""
        client: AutoScalingClient = self._client("autoscaling")
        return client

    @property
    def cloudformation(self) -> "CloudFormationClient":
        """CloudFormation."""
        client: CloudFormationClient = self._client("cloudformation")
        return client

    @property
    def cloudwatch(self) -> "CloudWatchClient":
        """CloudWatch."""
        client: CloudWatchClient = self._client("cloudwatch")
        return client

    @property
    def ec2(self) -> "EC2Client":
        """EC2."""
        client: EC2Client = self._client("ec2")
        return client

    @property
    def elbv2(self) -> "ElasticLoadBalancingv2Client":
        """Elastic Load Balancing."""
        client: ElasticLoadBalancingv2Client = self._client("elbv2")
        return client

    @property
    def route53(self) -> "Route53Client":
        """Route 53."""
        client: Route53Client = self._client("route53")
        return client

    @property
    def s3(self) -> "S3Client":
        """S3."""
        client: S3Client = self._client("s3")
        return client

    @property
    def ssm(self) -> "SSMClient":
        """Systems Manager: its parameters."""
        client: SSMClient = self._client("ssm")
        return client

    def call(self, operation: Callable[[], T]) -> T:
        """Call the API, and retry with new credentials if they were expired or missing: botocore does not.

        The role's credentials can expire between their renewal and their use (a wrong clock, a host that was
        suspended), and the metadata service may take a moment to have any. What a new role may not do yet is
        retried as `tolerate_denials` says.
        """

        def attempt() -> T:
            return self._clock.retry(
                operation, _NEW_CREDENTIALS, retry_if=_needs_credentials, on_retry=self._forget_credentials
            )

        try:
            return self._clock.retry(
                attempt,
                _NEW_ROLE,
                retry_if=lambda failure: self._clock.now() < self._tolerant_until and _is_denied(failure),
                on_retry=lambda failure: warning(f"not allowed yet, as this role may be new: {failure}"),
            )
        except ClientError as error:
            if _is_skewed(error):
                raise ClockSkewError(_skew_in_words(error)) from error
            raise

    def tolerate_denials(self, *, seconds: float) -> None:
        """Retry what is denied, for so long from now on: a new role is not everywhere at once.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventual consistency)
        """
        self._tolerant_until = self._clock.now() + seconds

    def _client(self, service: str) -> Any:
        # Creating a client is not thread-safe, using one is.
        with self._lock:
            if service not in self._clients:
                self._session = self._session or self._new_session()
                self._clients[service] = self._session.client(service, config=_CONFIG)  # type: ignore[call-overload]
            return self._clients[service]

    def _forget_credentials(self, failure: Exception) -> None:
        warning(f"the AWS API refuses this instance's credentials ({failure}): asking for new ones")
        with self._lock:
            self._clients.clear()
            self._session = None

    def _new_session(self) -> boto3.session.Session:
        base = botocore.session.get_session()
        base.set_config_variable("metadata_service_num_attempts", _METADATA_ATTEMPTS)
        base.set_config_variable("metadata_service_timeout", _METADATA_SECONDS)
        session = boto3.session.Session(botocore_session=base, region_name=self._region)
        session.events.register("before-send", self._count)
        return session

    def _count(self, event_name: str, **_: object) -> None:
        self.calls.append(event_name.removeprefix("before-send.").replace(".", ":"))


def _needs_credentials(failure: Exception) -> bool:
    if isinstance(failure, ClientError):
        return error_code(failure) in _EXPIRED and not _is_skewed(failure)
    return isinstance(failure, NoCredentialsError)


def _is_denied(failure: Exception) -> bool:
    return isinstance(failure, ClientError) and error_code(failure) in _DENIED and not _is_skewed(failure)


def _is_skewed(error: ClientError) -> bool:
    """Whether a request was refused because of the time of its signature.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    return error_code(error) in _SKEWED or any(words in error_message(error) for words in _SKEWED_WORDS)


def _skew_in_words(error: ClientError) -> str:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    here = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return (
        f"this host's clock is off: it says {here}, and AWS {headers.get('date', 'another time')} "
        f"({error_code(error)}: {error_message(error)}). See `timedatectl` and its NTP servers"
    )


def error_code(error: ClientError) -> str:
    """The code of an API error, e.g. IncorrectState."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: ClientError) -> str:
    """The message of an API error."""
    return str(error.response.get("Error", {}).get("Message", ""))
