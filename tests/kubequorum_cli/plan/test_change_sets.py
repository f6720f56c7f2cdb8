"""Stacks of which no change set can be made, by what CloudFormation says of them."""

from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from kubequorum_cli.plan import change_sets
from kubequorum_cli.plan.assembly import Assembly, SynthesisedStack
from kubequorum_cli.target import Target
from tests.kubequorum_cli.plan.recorded import masters


class _Aws:
    """A CloudFormation that has the stack, and an S3 to which nobody may write."""

    def __init__(self, *, status: str = "UPDATE_COMPLETE", template: object = None) -> None:
        self.status = status
        self.template = masters() if template is None else template

    def client(self, _service: str, **_: object) -> "_Aws":
        return self

    def describe_stacks(self, **_: object) -> Any:
        return {"Stacks": [{"StackStatus": self.status}]}

    def get_template(self, **_: object) -> Any:
        return {"TemplateBody": self.template}

    def put_object(self, **_: object) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")


def _ask(aws: _Aws) -> None:
    stack = SynthesisedStack(
        name="mine-ControlPlane",
        template=masters(),
        body="{}",
        url="s3://assets/t.json",
        tags={},
        account="111122223333",
        region="eu-central-1",
    )
    target = Target(cluster="mine", session=cast("Any", aws), kubeconfig=Path("none"))
    change_sets.ask(target, Assembly(stacks=(stack,)))


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("UPDATE_IN_PROGRESS", "wait until it has ended"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait until it has ended"),
        ("UPDATE_ROLLBACK_FAILED", "see docs/operations/failed-deploy.md"),
        ("ROLLBACK_COMPLETE", "see docs/operations/failed-deploy.md"),
    ],
)
def test_a_stack_that_cannot_be_updated_now(status: str, remedy: str) -> None:
    """One that moves is waited for; waiting does not help one that has failed."""
    with pytest.raises(CommandError, match="no update of stack mine-ControlPlane can be planned") as refused:
        _ask(_Aws(status=status))
    assert (refused.value.why, refused.value.remedy.partition(":")[0]) == (f"it is {status}", remedy)


def test_a_deployed_template_that_is_not_json() -> None:
    """Somebody has deployed YAML by hand: boto3 leaves it a text."""
    with pytest.raises(CommandError, match="template of stack mine-ControlPlane cannot be compared"):
        _ask(_Aws(template="Resources: {}"))


def test_a_large_template_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What S3 refuses is not said to be CloudFormation's refusal."""
    monkeypatch.setattr(change_sets, "_LARGEST_BODY_BYTES", 10)
    with pytest.raises(ClientError, match="PutObject"):
        _ask(_Aws())
