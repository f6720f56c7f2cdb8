"""The wall clock: AWS refuses the requests of a host whose clock is off, and TLS fails on it."""

import os
from datetime import UTC
from email.utils import parsedate_to_datetime

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.host import USER_AGENT
from kubequorum_node.log import warning
from kubequorum_node.node import Node

TOLERATED_SECONDS = 300.0
"""AWS refuses a request whose signature is more than five minutes off.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"""
_SETTING_SECONDS = 90.0
"""A booting host sets its clock by NTP shortly after its network is up."""


class ClockError(NodeError):
    """The host's clock is off by more than AWS tolerates."""


def offset_seconds(node: Node) -> float | None:
    """How far this host's clock is ahead (behind: negative); None if no server answers.

    Any HTTP answer will do, even an error: each has a Date header. The request is not signed, because a wrong
    clock would make its signature invalid; its user agent names the instance instead.
    """
    user_agent = f"{USER_AGENT} {node.identity.instance_id}"
    for url in _sources(node):
        answer = node.host.get(url, timeout=3.0, user_agent=user_agent)
        if answer is not None and answer.date:
            try:
                there = parsedate_to_datetime(answer.date)
            except ValueError:
                continue
            return (node.host.time() - there.astimezone(UTC)).total_seconds()
    return None


def wait_until_right(node: Node) -> None:
    """Return once the clock is right enough for AWS, or if no server answers.

    Raises:
        ClockError: it stays off; says by how much.

    """

    def look() -> None:
        offset = offset_seconds(node)
        if offset is None:
            warning("no server says what time it is: continuing with this host's clock")
        elif abs(offset) > TOLERATED_SECONDS:
            raise NotYetError(in_words(offset))

    try:
        node.clock.poll("a clock that is right", look, seconds=_SETTING_SECONDS, pause=3.0)
    except WaitError as error:
        raise ClockError(str(error.__cause__)) from error


def in_words(offset: float) -> str:
    """Describe a wrong clock, with the remedy."""
    side = "ahead" if offset > 0 else "behind"
    return (
        f"this host's clock is {abs(offset):.0f} s {side} of AWS, which refuses more than "
        f"{TOLERATED_SECONDS:.0f} s: see `timedatectl` and its NTP servers (on EC2: 169.254.169.123)"
    )


def _sources(node: Node) -> list[str]:
    region = node.document.region
    aws = os.environ.get("AWS_ENDPOINT_URL") or f"https://s3.{region}.amazonaws.com"
    urls = [aws, f"https://ec2.{region}.amazonaws.com"]
    if node.is_master:
        names = (slot.etcd_name for name, slot in node.etcd_spec.slots.items() if name != node.slot)
        urls += [f"https://{name}:{API_PORT}/livez" for name in names]
    return urls
