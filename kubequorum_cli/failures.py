"""Why a deployment failed, by CloudFormation's events."""

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli.target import Target

_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")
"""Reasons of resources that were given up because another one failed."""
_EVENTS_PER_STACK = 5


def failed_events(target: Target) -> list[str]:
    """A line for each resource that failed by itself in a stack that failed, oldest first."""
    client = target.client("cloudformation")
    lines = []
    try:
        for stack in client.describe_stacks()["Stacks"]:
            if not any(word in stack["StackStatus"] for word in ("FAILED", "ROLLBACK")):
                continue
            events = client.describe_stack_events(StackName=stack["StackName"])["StackEvents"]
            failed = [
                f"{event['StackName']}  {event['LogicalResourceId']} ({event['ResourceType']})  "
                f"{event['ResourceStatus']}: {event['ResourceStatusReason']}"
                for event in reversed(events)
                if event.get("ResourceStatus", "").endswith("_FAILED")
                and event.get("ResourceStatusReason")
                and not event["ResourceStatusReason"].startswith(_CONSEQUENCES)
            ]
            lines.append(f"{stack['StackName']} is {stack['StackStatus']}")
            lines += [f"  {line}" for line in failed[-_EVENTS_PER_STACK:]]
    except (BotoCoreError, ClientError) as error:
        lines.append(f"CloudFormation's events cannot be read: {error}")
    return lines
