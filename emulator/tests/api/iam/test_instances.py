"""Sessions of instances: the credentials that a machine's metadata service hands out."""

import json
from typing import Any
from uuid import uuid4

import pytest
from ministack.core.responses import request_scope

from emulator.api import credentials, sessions


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        ({"Service": "ec2.amazonaws.com"}, True),
        ({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}, True),
        ({"Service": "lambda.amazonaws.com"}, False),
        ({"AWS": "*"}, False),
        ("*", False),
    ],
)
def test_trust(principal: Any, trusted: bool) -> None:
    """Only a role that names ec2.amazonaws.com may be handed to an instance."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    assert sessions.trusts_ec2(json.dumps({"Statement": statement})) is trusted


def test_missing_role_is_named() -> None:
    """A role that does not exist is an error with its name."""
    with (
        request_scope(str(uuid4().int)[:12], "us-east-1"),
        pytest.raises(sessions.RoleError, match="no-role"),
    ):
        credentials.for_instance_role("no-role", instance_id="i-1")


def test_administrator_environment_has_no_token() -> None:
    """The administrator is the root user of the one account: a key, a secret, the address, the region."""
    environment = credentials.administrator_environment(api_url="http://127.0.0.1:1", region="eu-west-1")
    assert environment["AWS_ACCESS_KEY_ID"] == "000000000000"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert "AWS_SESSION_TOKEN" not in environment
