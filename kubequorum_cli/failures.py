"""Why a deployment failed, by CloudFormation's events."""

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli.resources import Resources
from kubequorum_cli.target import STACKS, Target

_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")
"""Reasons of resources that were given up because another one failed."""
_EVENTS_PER_STACK = 5


def failed_events(target: Target) -> list[str]:
    """A line for each resource that failed by itself in a stack that failed, oldest first."""
    resources = Resources(target)
    lines = []
    try:
        for name in STACKS:
            stack = target.stack(name)
            if stack is None or not any(word in stack["StackStatus"] for word in ("FAILED", "ROLLBACK")):
                continue
            failed = [
                f"{event['StackName']}  {event['LogicalResourceId']} ({event['ResourceType']})  "
                f"{event['ResourceStatus']}: {event['ResourceStatusReason']}"
                for event in resources.events(name)
                if event.get("ResourceStatus", "").endswith("_FAILED")
                and event.get("ResourceStatusReason")
                and not event["ResourceStatusReason"].startswith(_CONSEQUENCES)
            ]
            lines.append(f"{stack['StackName']} is {stack['StackStatus']}")
            lines += [f"  {line}" for line in failed[-_EVENTS_PER_STACK:]]
    except (BotoCoreError, ClientError) as error:
        lines.append(f"CloudFormation's events cannot be read: {error}")
    return lines
