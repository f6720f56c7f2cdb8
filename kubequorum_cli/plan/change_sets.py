"""Asks CloudFormation what it would do: a change set is made, read, and deleted; it is never executed."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli.errors import CommandError
from kubequorum_cli.plan.assembly import Assembly, SynthesisedStack, Template
from kubequorum_cli.plan.changes import Change, StackChanges, change_of
from kubequorum_cli.target import Target

_LARGEST_BODY_BYTES = 51_200
"""Of a template in the request itself; a larger one is read from S3
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)."""
_NOTHING = ("didn't contain changes", "No updates are to be performed")
"""In the reason of a change set that is empty: its status is FAILED
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-no-updates-to-perform)."""
_UNFINISHED = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _LIMIT_SECONDS = 0.2, 3.0, 300.0
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def ask(target: Target, assembly: Assembly) -> list[StackChanges]:
    """What a deployment of all stacks would do, in the order of the stacks.

    Raises:
        CommandError: a stack cannot be updated now, or CloudFormation refuses its template.
    """
    with ThreadPoolExecutor(len(assembly.stacks)) as pool:
        return list(pool.map(lambda stack: _ask(target, stack), assembly.stacks))


def _ask(target: Target, stack: SynthesisedStack) -> StackChanges:
    cloudformation = target.client("cloudformation")
    status = _status(cloudformation, stack.name)
    if status is None:
        # A change set would leave an empty stack behind; what it would say is known: all is added.
        return StackChanges(stack=stack.name, is_new=True, old={}, new=stack.template, changes=_added(stack))
    is_moving = status.endswith("_IN_PROGRESS")
    if is_moving or "FAILED" in status or status == "ROLLBACK_COMPLETE":
        raise CommandError(
            f"no update of stack {stack.name} can be planned",
            why=f"it is {status}",
            remedy="wait until it has ended: ./kubequorum events"
            if is_moving
            else "see docs/operations/failed-deploy.md",
        )
    old = _deployed(cloudformation, stack.name)
    changes = _changes(target, stack)
    return StackChanges(
        stack=stack.name,
        is_new=False,
        old=old,
        new=stack.template,
        changes={each.logical_id: each for each in changes},
    )


def _status(cloudformation: Any, name: str) -> str | None:
    """None if there is no such stack, or only a shell of one in which nothing was made."""
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        # CloudFormation's answer for a stack that does not exist.
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    status = str(found["StackStatus"])
    return None if status in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS") else status


def _added(stack: SynthesisedStack) -> dict[str, Change]:
    return {
        id_: Change(logical_id=id_, type=resource["Type"], action="Add", after=resource)
        for id_, resource in stack.template["Resources"].items()
    }


def _deployed(cloudformation: Any, name: str) -> Template:
    body = cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    # boto3 parses JSON; another text stays one.
    if isinstance(body, str):
        raise CommandError(
            f"the deployed template of stack {name} cannot be compared",
            why="it is not JSON, so the CDK has not deployed it",
            remedy="deploy the release that is deployed with the CDK, then plan",
        )
    found: Template = body
    return found


def _changes(target: Target, stack: SynthesisedStack) -> Sequence[Change]:
    cloudformation = target.client("cloudformation")
    name = f"kubequorum-plan-{uuid.uuid4().hex[:12]}"
    body = _body(target, stack)
    try:
        cloudformation.create_change_set(
            StackName=stack.name,
            ChangeSetName=name,
            ChangeSetType="UPDATE",
            # A retry whose first answer was lost is no second change set:
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
            ClientToken=name,
            Description="Made by `kubequorum plan`, to be read and deleted",
            Capabilities=_CAPABILITIES,
            Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
            **body,
        )
    except ClientError as error:
        raise _refused(stack, error.response["Error"]["Message"]) from error
    try:
        answer = _completed(cloudformation, stack, name)
        if answer is None:
            return []
        resources = [each["ResourceChange"] for each in answer.get("Changes", [])]
        while token := answer.get("NextToken"):
            answer = _describe(cloudformation, stack, name, NextToken=token)
            resources += [each["ResourceChange"] for each in answer.get("Changes", [])]
        return [change_of(resource) for resource in resources]
    finally:
        # What was found does not depend on it; the name says what it was.
        with suppress(ClientError, BotoCoreError):
            cloudformation.delete_change_set(StackName=stack.name, ChangeSetName=name)


def _completed(cloudformation: Any, stack: SynthesisedStack, name: str) -> Mapping[str, Any] | None:
    """The change set when it is complete; None if it is empty."""
    deadline, pause = time.monotonic() + _LIMIT_SECONDS, _FIRST_PAUSE_SECONDS
    while True:
        answer = _describe(cloudformation, stack, name)
        if answer["Status"] == "CREATE_COMPLETE":
            return answer
        reason = answer.get("StatusReason", "")
        if answer["Status"] not in _UNFINISHED:
            if any(text in reason for text in _NOTHING):
                return None
            raise _refused(stack, reason or answer["Status"])
        if time.monotonic() > deadline:
            raise _refused(stack, f"no answer after {_LIMIT_SECONDS:.0f} s: {answer['Status']}")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _describe(cloudformation: Any, stack: SynthesisedStack, name: str, **page: str) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = cloudformation.describe_change_set(
        StackName=stack.name, ChangeSetName=name, IncludePropertyValues=True, **page
    )
    return answer


def _body(target: Target, stack: SynthesisedStack) -> dict[str, str]:
    body = json.dumps(stack.template, separators=(",", ":"))
    if len(body.encode()) <= _LARGEST_BODY_BYTES:
        return {"TemplateBody": body}
    bucket, _, key = stack.url.removeprefix("s3://").partition("/")
    s3 = target.client("s3")
    # Named after its content: it is the object that `cdk deploy` would write.
    s3.put_object(Bucket=bucket, Key=key, Body=stack.body.encode())
    return {"TemplateURL": f"https://s3.{stack.region}.amazonaws.com/{bucket}/{key}"}


def _refused(stack: SynthesisedStack, why: str) -> CommandError:
    return CommandError(
        f"CloudFormation makes no change set of stack {stack.name}",
        why=why,
        remedy="a deployment would fail for the same reason: see docs/operations/failed-deploy.md",
    )
