"""The instance metadata service, version 2.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable

from kubequorum_node.clock import Clock, RetryPolicy
from kubequorum_node.errors import NodeError
from kubequorum_node.log import WarningsOnce

_DEFAULT_ENDPOINT = "http://169.254.169.254"
_TOKEN_SECONDS = 21600
_NOT_FOUND = 404
_UNAUTHORIZED = 401
_PATIENCE = RetryPolicy(attempts=8, pause_seconds=0.5, growth=1.5, longest_pause_seconds=4.0)
_BRIEFLY = RetryPolicy(attempts=2, pause_seconds=0.2)
"""For what is asked again and again: the answer to one question must not keep the next one waiting."""


class MetadataError(NodeError):
    """The metadata service did not answer."""


class Metadata:
    """A client that renews its token and retries short failures."""

    def __init__(self, endpoint: str | None = None, *, clock: Clock | None = None) -> None:
        self._endpoint = endpoint or os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", _DEFAULT_ENDPOINT)
        self._clock = clock or Clock()
        self._token = ""

    def instance_id(self) -> str:
        """Id of the instance that this runs on."""
        return self._require("instance-id")

    def zone(self) -> str:
        """Availability zone of the instance."""
        return self._require("placement/availability-zone")

    def address(self) -> str:
        """Private IPv4 address of the instance."""
        return self._require("local-ipv4")

    def instance_profile_arn(self) -> str:
        """ARN of the instance profile, which has the partition and the account in it.

        Raises:
            MetadataError: the instance has none.

        """
        described = self._require("iam/info")
        try:
            return str(json.loads(described)["InstanceProfileArn"])
        except (ValueError, KeyError, TypeError) as error:
            raise MetadataError(
                f"the metadata service has no ARN in iam/info: {described[:200]!r}"
            ) from error

    def instance_type(self) -> str:
        """EC2 instance type."""
        return self._require("instance-type")

    def target_lifecycle_state(self) -> str | None:
        """Target state that the Auto Scaling group set: InService, Terminated, …; None if there is none yet.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
        """
        return self._get("autoscaling/target-lifecycle-state", _BRIEFLY)

    def spot_notice(self) -> str | None:
        """JSON with `action` and `time`, about two minutes before EC2 takes this spot instance back.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
        """
        return self._get("spot/instance-action", _BRIEFLY)

    def rebalance_recommendation(self) -> str | None:
        """JSON with `noticeTime`, once EC2 sees a higher risk that it takes this spot instance back.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
        """
        return self._get("events/recommendations/rebalance", _BRIEFLY)

    def scheduled_events(self) -> str | None:
        """JSON list of events that AWS has scheduled for this instance; empty or missing without any.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html
        """
        return self._get("events/maintenance/scheduled", _BRIEFLY)

    def _require(self, path: str) -> str:
        value = self._get(path)
        if value is None:
            raise MetadataError(f"the metadata service has no {path}")
        return value

    def _get(self, path: str, policy: RetryPolicy = _PATIENCE) -> str | None:
        """One value; None if it does not exist.

        Raises:
            MetadataError: there was no answer to any attempt.

        """
        try:
            return self._clock.retry(
                lambda: self._try_to_get(path), policy, retry_if=lambda error: isinstance(error, OSError)
            )
        except OSError as error:
            raise MetadataError(
                f"{self._endpoint}: no {path} after {policy.attempts} attempts: {error}"
            ) from error

    def _try_to_get(self, path: str) -> str | None:
        try:
            self._token = self._token or self._new_token()
            return self._request("GET", f"meta-data/{path}", {"X-aws-ec2-metadata-token": self._token})
        except urllib.error.HTTPError as error:
            if error.code == _NOT_FOUND:
                return None
            if error.code == _UNAUTHORIZED:
                self._token = ""
            raise

    def _new_token(self) -> str:
        return self._request(
            "PUT", "api/token", {"X-aws-ec2-metadata-token-ttl-seconds": str(_TOKEN_SECONDS)}
        )

    def _request(self, method: str, path: str, headers: dict[str, str]) -> str:
        url = f"{self._endpoint}/latest/{path}"
        request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - always http
        # Never through a proxy from the environment: the service answers the host itself only.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as response:
            return str(response.read().decode())


def ask(question: Callable[[], str | None], once: WarningsOnce) -> str | None:
    """The answer to a question that is asked again and again; None also while the service fails."""
    try:
        return question()
    except MetadataError as error:
        once.warn(f"asking again: {error}")
        return None
