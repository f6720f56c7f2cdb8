"""The wire protocol: what boto3 sends is what a handler gets, and the other way round."""

import base64
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from emulator.api.wire import ApiError, Protocol, Request, Response


class Exchange:
    """A boto3 client whose requests go to a handler instead of the network."""

    def __init__(self, service: str, operation: str, answer: Response | ApiError) -> None:
        self.received: Request = {}

        def function(request: Request) -> Response:
            self.received = request
            if isinstance(answer, ApiError):
                raise answer
            return answer

        handler = Protocol(service).handler(operation, function)

        def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
            status, headers, content = handler(_form(body))
            return _Response(request.url, status, headers, content)

        self.client: Any = boto3.client(
            service,  # type: ignore[call-overload]
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        self.client.meta.events.register("before-send", send)


class _Response(AWSResponse):
    def __init__(self, url: str, status: int, headers: dict[str, str], content: bytes) -> None:
        super().__init__(url, status, headers, None)  # type: ignore[arg-type]
        self._content = content


def _form(body: bytes) -> dict[str, list[str]]:
    from urllib.parse import parse_qs

    return parse_qs(body.decode(), keep_blank_values=True)


def test_query_protocol_round_trip() -> None:
    """Lists, structures, numbers, booleans and times of Auto Scaling survive both ways."""
    moment = datetime(2026, 11, 1, 12, 0, 0, 500_000, tzinfo=UTC)
    answer = {"Activity": {"ActivityId": "1", "Cause": "a < b & c", "StartTime": moment, "Progress": 5}}
    exchange = Exchange("autoscaling", "TerminateInstanceInAutoScalingGroup", answer)
    response = exchange.client.terminate_instance_in_auto_scaling_group(
        InstanceId="i-1", ShouldDecrementDesiredCapacity=False
    )
    assert exchange.received == {"InstanceId": "i-1", "ShouldDecrementDesiredCapacity": False}
    activity = response["Activity"]
    assert (activity["Cause"], activity["StartTime"], activity["Progress"]) == ("a < b & c", moment, 5)


def test_nested_lists_of_the_query_protocol() -> None:
    """A mixed instances policy arrives as it was given."""
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1", "Version": "3"},
            "Overrides": [{"InstanceType": f"m{n}.large"} for n in range(12)],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 0},
    }
    exchange = Exchange("autoscaling", "UpdateAutoScalingGroup", None)
    exchange.client.update_auto_scaling_group(AutoScalingGroupName="g", MixedInstancesPolicy=policy)
    assert exchange.received == {"AutoScalingGroupName": "g", "MixedInstancesPolicy": policy}


def test_ec2_protocol_round_trip() -> None:
    """EC2's own names and lists, a binary answer included."""
    filters = [{"Name": "tag:a", "Values": ["b", "c*"]}, {"Name": "size", "Values": ["1"]}]
    volume = {"VolumeId": "vol-1", "Encrypted": True, "Attachments": [{"InstanceId": "i-1"}], "_Hidden": 1}
    exchange = Exchange("ec2", "DescribeVolumes", {"Volumes": [volume]})
    response = exchange.client.describe_volumes(Filters=filters, VolumeIds=["vol-1"])
    assert exchange.received == {"Filters": filters, "VolumeIds": ["vol-1"]}
    assert response["Volumes"] == [{key: volume[key] for key in ("VolumeId", "Encrypted", "Attachments")}]

    console = Exchange("ec2", "GetConsoleOutput", {"InstanceId": "i-1", "Output": b"booted \xe2\x9c\x93"})
    assert console.client.get_console_output(InstanceId="i-1")["Output"] == "booted \N{CHECK MARK}"


@pytest.mark.parametrize(
    ("service", "operation"), [("ec2", "DescribeVolumes"), ("autoscaling", "DescribeTags")]
)
def test_errors_have_the_protocol_s_envelope(service: str, operation: str) -> None:
    """Code, message and status reach the client, escaped."""
    exchange = Exchange(service, operation, ApiError("Some.Code", "a < b", status=409))
    method = "describe_volumes" if service == "ec2" else "describe_tags"
    with pytest.raises(ClientError) as caught:
        getattr(exchange.client, method)()
    assert caught.value.response["Error"]["Code"] == "Some.Code"
    assert caught.value.response["Error"]["Message"] == "a < b"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_malformed_and_missing_parameters_are_errors() -> None:
    """They never reach the handler; neither does a dry run."""

    def never(request: Request) -> Response:
        raise AssertionError(request)

    ec2, autoscaling = Protocol("ec2"), Protocol("autoscaling")
    assert b"MissingParameter" in ec2.handler("AttachVolume", never)({"VolumeId": "v"})[2]
    create = ec2.handler("CreateVolume", never)
    assert b"InvalidParameterValue" in create({"Size": "big"})[2]
    status, _, body = create({"DryRun": "true", "AvailabilityZone": "a"})
    assert (status, b"DryRunOperation" in body) == (412, True)
    assert b"ValidationError" in autoscaling.handler("SetDesiredCapacity", never)({})[2]


def test_user_data_is_passed_on_as_it_is_sent() -> None:
    """EC2's UserData is a string that clients encode: it is stored encoded."""
    exchange = Exchange("ec2", "RunInstances", {"Instances": []})
    exchange.client.run_instances(MinCount=1, MaxCount=1, UserData="#!/bin/sh")
    assert base64.b64decode(exchange.received["UserData"]) == b"#!/bin/sh"
