"""Policy variables stand for the value that the request has; without one, the statement does not apply."""

from typing import Any
from uuid import uuid4

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document
from ministack.core.responses import request_scope
from ministack.services import iam, sts

from emulator.api import sessions
from emulator.api.iam import variables
from emulator.tests.api.emulator import Emulator
from emulator.tests.api.iam.policies import allow, denied

ARN = "arn:aws:ec2:us-east-1:111122223333:instance/i-1"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patch, for this process and this test."""
    module = __import__("ministack.core.iam_evaluator", fromlist=["_first_match"])
    monkeypatch.setattr(module, "_first_match", module._first_match)
    variables.install()


def _decision(statement: dict[str, Any], resource: str, **keys: Any) -> str:
    context = EvalContext(
        principal_arn="arn:aws:sts::111122223333:assumed-role/w/i-1",
        principal_type="AssumedRole",
        principal_account="111122223333",
        action="s3:PutObject",
        resource_arn=resource,
        region="us-east-1",
        service_context={name.replace("__", ":").lower(): value for name, value in keys.items()},
        principal_keys={"aws:userid": "AROAEXAMPLE:i-1"},
    )
    return str(evaluate(context, [parse_policy_document({"Statement": [statement]})]).decision)


@pytest.mark.parametrize(
    ("pattern", "resource", "decision"),
    [
        ("arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/AROAEXAMPLE:i-1", "Allow"),
        ("arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/AROAEXAMPLE:i-2", "ImplicitDeny"),
        ("arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/${aws:userid}", "ImplicitDeny"),
        ("arn:aws:s3:::b/${AWS:UserId}/*", "arn:aws:s3:::b/AROAEXAMPLE:i-1/x", "Allow"),
        ("arn:aws:s3:::b/${ec2:SourceInstanceARN}", f"arn:aws:s3:::b/{ARN}", "Allow"),
        ("arn:aws:s3:::b/${ec2:SourceInstanceARN}", f"arn:aws:s3:::b/{ARN}0", "ImplicitDeny"),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/", "ImplicitDeny"),
        ("arn:aws:s3:::b/${aws:username}*", "arn:aws:s3:::b/x", "ImplicitDeny"),
        ("arn:aws:s3:::b/${aws:username, 'nobody'}", "arn:aws:s3:::b/nobody", "Allow"),
        ("arn:aws:s3:::b/${aws:userid, 'nobody'}", "arn:aws:s3:::b/nobody", "ImplicitDeny"),
        ("arn:aws:s3:::b/${$}", "arn:aws:s3:::b/$", "Allow"),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", "ImplicitDeny"),
    ],
)
def test_variables_in_resources(pattern: str, resource: str, decision: str) -> None:
    """The value, letter by letter; a key's own name is case-insensitive."""
    assert _decision(allow("s3:PutObject", pattern), resource, ec2__SourceInstanceARN=ARN) == decision


def test_variables_in_conditions() -> None:
    """In the values that a key is compared with."""
    statement = allow("s3:PutObject", "*", StringEquals={"aws:PrincipalTag/me": "${aws:userid}"})
    assert _decision(statement, "x", **{"aws__PrincipalTag/me": "AROAEXAMPLE:i-1"}) == "Allow"
    assert _decision(statement, "x", **{"aws__PrincipalTag/me": "AROAEXAMPLE:i-2"}) == "ImplicitDeny"


def test_a_denial_with_a_variable_without_a_value_does_not_apply() -> None:
    """Nor does it deny everything."""
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}*"}
    document = parse_policy_document({"Statement": [deny, allow("s3:*")]})
    context = EvalContext(
        principal_arn="x",
        principal_type="AssumedRole",
        principal_account="1",
        action="s3:PutObject",
        resource_arn="arn:aws:s3:::b/x",
        region="us-east-1",
    )
    assert evaluate(context, [document]).decision == "Allow"


def test_the_user_id_of_an_instance_is_its_roles_and_its_own() -> None:
    """`role id:instance id` (IAM user guide, table of principal key values)."""
    with request_scope(str(uuid4().int)[:12], "us-east-1"):
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam._roles["node"] = {
            "RoleName": "node",
            "RoleId": "AROAEXAMPLE",
            "AssumeRolePolicyDocument": {"Statement": trust},
        }
        key = sessions.open_for_instance("node", instance_id="i-1").access_key_id
        assert sts._sessions.get(key)["UserId"] == "AROAEXAMPLE:i-1"


def test_a_session_writes_what_is_named_after_it_and_nothing_else(emulator: Emulator) -> None:
    """Through the API: its own object, not another's; and who is no instance writes no instance's."""
    s3, bucket = emulator.client("s3"), f"b-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    session = emulator.session_of(
        [
            allow("s3:PutObject", f"arn:aws:s3:::{bucket}/own/${{aws:userid}}"),
            allow("s3:PutObject", f"arn:aws:s3:::{bucket}/identity/${{ec2:SourceInstanceARN}}"),
        ]
    )
    user_id = emulator.client("sts", session=session).get_caller_identity()["UserId"]
    as_session = emulator.client("s3", session=session)
    as_session.put_object(Bucket=bucket, Key=f"own/{user_id}", Body=b"x")
    for other in (f"own/{user_id}0", "own/AROAOTHER:test", f"identity/{ARN}", "identity/"):
        with denied("s3:PutObject"):
            as_session.put_object(Bucket=bucket, Key=other, Body=b"x")
