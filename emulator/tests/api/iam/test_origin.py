"""Condition keys of where a request comes from: the instance, and the endpoint of its VPC."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from ministack.core.responses import request_scope
from ministack.services import ec2, iam

from emulator.api import sessions
from emulator.api.ec2 import store
from emulator.api.iam import origin

_REGION = "us-east-1"


@pytest.fixture
def access_key_id() -> Iterator[str]:
    """The key of an instance in a subnet whose route table has a gateway endpoint for S3."""
    account = str(uuid4().int)[:12]
    with request_scope(account, _REGION):
        iam._roles["node"] = {
            "RoleName": "node",
            "RoleId": "AROA",
            "AssumeRolePolicyDocument": {
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "ec2.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            },
        }
        store.instances()["i-1"] = {
            "InstanceId": "i-1",
            "VpcId": "vpc-1",
            "SubnetId": "subnet-1",
            "PrivateIpAddress": "10.0.0.5",
        }
        ec2._route_tables["rtb-1"] = {
            "RouteTableId": "rtb-1",
            "VpcId": "vpc-1",
            "Associations": [{"SubnetId": "subnet-1", "Main": False}],
        }
        yield sessions.open_for_instance("node", instance_id="i-1").access_key_id


def _add_endpoint(service: str, **values: object) -> None:
    ec2._vpc_endpoints[f"vpce-{service}"] = {
        "VpcEndpointId": f"vpce-{service}",
        "VpcId": "vpc-1",
        "ServiceName": f"com.amazonaws.{_REGION}.{service}",
        "RouteTableIds": [],
        "PrivateDnsEnabled": True,
        **values,
    }


def test_instance_is_the_source(access_key_id: str) -> None:
    """A request of an instance carries the instance's ARN; there is no endpoint in its way."""
    keys = origin.keys(access_key_id, service="s3", region=_REGION)
    assert keys["ec2:SourceInstanceARN"].endswith(":instance/i-1")
    assert "aws:SourceVpce" not in keys


def test_gateway_endpoint_serves_its_route_tables(access_key_id: str) -> None:
    """A gateway endpoint counts for subnets of its route tables only."""
    _add_endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=["rtb-other"])
    assert "aws:SourceVpce" not in origin.keys(access_key_id, service="s3", region=_REGION)
    _add_endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=["rtb-1"])
    keys = origin.keys(access_key_id, service="s3", region=_REGION)
    assert (keys["aws:SourceVpce"], keys["aws:SourceVpc"]) == ("vpce-s3", "vpc-1")
    assert keys["aws:VpcSourceIp"] == "10.0.0.5"


def test_interface_endpoint_needs_private_dns(access_key_id: str) -> None:
    """An interface endpoint is on the way only if names resolve to it, and for its own service only."""
    _add_endpoint("ec2", VpcEndpointType="Interface", PrivateDnsEnabled=False)
    assert "aws:SourceVpce" not in origin.keys(access_key_id, service="ec2", region=_REGION)
    _add_endpoint("ec2", VpcEndpointType="Interface")
    assert origin.keys(access_key_id, service="ec2", region=_REGION)["aws:SourceVpce"] == "vpce-ec2"
    assert "aws:SourceVpce" not in origin.keys(access_key_id, service="ssm", region=_REGION)


def test_other_callers_have_no_source(access_key_id: str) -> None:
    """A caller that is no instance has none of these keys."""
    assert origin.keys("000000000000", service="s3", region=_REGION) == {}
