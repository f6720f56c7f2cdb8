"""Why a deployment failed, as CloudFormation tells it."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_SECONDARY = ("Resource creation cancelled", "Resource update cancelled")
_EVENTS_PER_STACK = 5


def failed_events() -> list[str]:
    """A line for each resource that failed by itself in a stack that is not well, oldest first.

    Asks the AWS of this process's environment.
    """
    client = boto3.client("cloudformation")
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
                and not event["ResourceStatusReason"].startswith(_SECONDARY)
            ]
            lines.append(f"{stack['StackName']} is {stack['StackStatus']}")
            lines += [f"  {line}" for line in failed[-_EVENTS_PER_STACK:]]
    except (BotoCoreError, ClientError) as error:
        lines.append(f"CloudFormation does not say: {error}")
    return lines
