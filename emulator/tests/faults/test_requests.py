"""Requests of instances that fail, are late, or are lost, as their clients see it."""

import time
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import uuid4

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from emulator.faults import ApiRule, FaultClient
from emulator.tests.api.emulator import Emulator
from emulator.tests.faults.node import Node, date_of


def _refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "operation", "rule", "code", "status"),
    [
        ("ec2", "DescribeVolumes", ApiRule(throttled=True), "RequestLimitExceeded", 503),
        ("s3", "ListAllMyBuckets", ApiRule(throttled=True), "SlowDown", 503),
        ("autoscaling", "DescribeAutoScalingGroups", ApiRule(throttled=True), "Throttling", 400),
        ("ssm", "DescribeParameters", ApiRule(throttled=True), "ThrottlingException", 400),
        ("route53", "ListHostedZones", ApiRule(throttled=True), "Throttling", 400),
        ("s3", "ListAllMyBuckets", ApiRule(error="InternalError", status=500), "InternalError", 500),
        ("ec2", "DescribeVolumes", ApiRule(status=503), "503", 503),
        ("ec2", "DescribeVolumes", ApiRule(error="ExpiredTokenException"), "RequestExpired", 400),
    ],
)
def test_errors_are_the_services_own(  # noqa: PLR0917 - parameters of the cases
    faults: FaultClient, node: Node, service: str, operation: str, rule: ApiRule, code: str, status: int
) -> None:
    """The client reads an error of its service, once; the next request is answered as usual."""
    method = {
        "DescribeVolumes": "describe_volumes",
        "ListAllMyBuckets": "list_buckets",
        "DescribeAutoScalingGroups": "describe_auto_scaling_groups",
        "DescribeParameters": "describe_parameters",
        "ListHostedZones": "list_hosted_zones",
    }[operation]
    client = node.client(service)
    faults.api(replace(rule, service=service, operation=operation, times=1))
    with pytest.raises(ClientError) as error:
        getattr(client, method)()
    assert _refused(error) == (code, status)
    getattr(client, method)()


def test_only_the_named_callers_are_affected(faults: FaultClient, emulator: Emulator, node: Node) -> None:
    """A rule affects all instances, one, or one role; the administrator only if it says so."""
    client, administrator = node.client("ec2"), emulator.client("ec2")
    for hit in (
        ApiRule(service="ec2", throttled=True),
        ApiRule(instance_id=node.instance_id, throttled=True),
        ApiRule(role=node.role, operation="DescribeVolumes", throttled=True),
    ):
        fault = faults.api(hit)
        with pytest.raises(ClientError):
            client.describe_volumes()
        administrator.describe_volumes()
        faults.clear(fault)
    for missed in (
        ApiRule(service="s3", throttled=True),
        ApiRule(operation="DescribeVpcs", throttled=True),
        ApiRule(instance_id="i-0123456789abcdef0", throttled=True),
        ApiRule(role="other", throttled=True),
    ):
        faults.api(missed)
    client.describe_volumes()
    faults.api(ApiRule(administrator=True, throttled=True))
    client.describe_volumes()
    with pytest.raises(ClientError):
        administrator.describe_volumes()


def test_a_lost_request_is_not_done_and_a_lost_response_is(faults: FaultClient, node: Node) -> None:
    """In both cases the client sees its connection close, and cannot tell which it was."""
    s3, bucket = node.client("s3"), f"lost-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    for lost in ("request", "response"):
        faults.api(ApiRule(service="s3", operation="PutObject", lost=lost, times=1))
        with pytest.raises(BotoCoreError, match="Connection was closed"):
            s3.put_object(Bucket=bucket, Key=lost, Body=b"content")
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["response"]


def test_a_request_may_be_answered_without_being_done(faults: FaultClient, node: Node) -> None:
    """The client believes that its tag is there."""
    ec2 = node.client("ec2")
    faults.api(ApiRule(service="ec2", operation="CreateTags", lost="silently", times=1))
    tag = {"Resources": [node.instance_id], "Tags": [{"Key": "a", "Value": "b"}]}
    for expected in ([], ["a"]):
        ec2.create_tags(**tag)
        found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [node.instance_id]}])["Tags"]
        assert [entry["Key"] for entry in found] == expected


def test_latency_adds_to_other_effects(faults: FaultClient, node: Node) -> None:
    """A slow service still answers; one that is slow and throttles does both."""
    ec2 = node.client("ec2")
    faults.api(ApiRule(service="ec2", latency_seconds=0.6))
    begin = time.monotonic()
    ec2.describe_volumes()
    assert time.monotonic() - begin >= 0.6
    faults.api(ApiRule(service="ec2", throttled=True))
    begin = time.monotonic()
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        ec2.describe_volumes()
    assert time.monotonic() - begin >= 0.6


def test_a_seed_repeats_the_same_draws(faults: FaultClient, node: Node) -> None:
    """About half of the requests fail, and the same ones again with the same seed."""
    ec2 = node.client("ec2")

    def failures(seed: int) -> list[bool]:
        fault = faults.api(ApiRule(service="ec2", throttled=True, probability=0.5, seed=seed))
        seen = []
        for _ in range(20):
            try:
                ec2.describe_volumes()
                seen.append(False)
            except ClientError:
                seen.append(True)
        faults.clear(fault)
        return seen

    first = failures(7)
    assert 0 < sum(first) < 20
    assert failures(7) == first
    assert failures(8) != first


@pytest.mark.parametrize("seconds", [600, -600])
def test_an_instance_with_a_wrong_clock_is_refused(faults: FaultClient, node: Node, seconds: float) -> None:
    """Ten minutes are too much for EC2 and Auto Scaling, not for S3; each answer has AWS's time."""
    fault = faults.clock(node.instance_id, seconds=seconds)
    with pytest.raises(ClientError) as error:
        node.client("autoscaling").describe_auto_scaling_groups()
    assert _refused(error) == ("SignatureDoesNotMatch", 403)
    assert abs(date_of(dict(error.value.response)) - seconds) < 60
    expected = "Signature expired" if seconds > 0 else "Signature not yet current"
    assert expected in str(error.value)
    with pytest.raises(ClientError, match="AuthFailure"):
        node.client("ec2").describe_volumes()
    assert abs(date_of(node.client("s3").list_buckets()) - seconds) < 60
    faults.clear(fault)
    faults.clock(node.instance_id, seconds=seconds * 2)
    with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
        node.client("s3").list_buckets()
    faults.clear_all()
    assert abs(date_of(node.client("ec2").describe_volumes())) < 60


def test_an_unsigned_request_for_the_time_names_its_instance(faults: FaultClient, node: Node) -> None:
    """Without a signature the User-Agent names the instance whose clock is off."""
    faults.clock(node.instance_id, seconds=600)

    def seconds_ahead(user_agent: str) -> float:
        url = node.client("s3").meta.endpoint_url
        request = urllib.request.Request(url, headers={"User-Agent": user_agent})  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
                date = answer.headers["Date"]
        except urllib.error.HTTPError as refusal:
            date = refusal.headers["Date"]
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()

    assert abs(seconds_ahead(f"a-program {node.instance_id}") - 600) < 60
    assert abs(seconds_ahead("a-program")) < 60
    assert abs(seconds_ahead("a-program i-0aaaaaaaaaaaaaaaa")) < 60


def test_credentials_that_expire_early(faults: FaultClient, node: Node) -> None:
    """Requests with them are refused for that reason; the metadata service has new ones at once."""
    s3 = node.client("s3")
    s3.list_buckets()
    faults.expire_credentials(node.instance_id)
    for _ in range(2):
        with pytest.raises(ClientError, match="ExpiredToken"):
            s3.list_buckets()
        node.client("s3").list_buckets()
