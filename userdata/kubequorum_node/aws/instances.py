"""Other instances, as EC2 knows them."""

from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import Aws, error_code

GONE = frozenset({None, "shutting-down", "terminated"})
"""States of an instance on which nothing runs any more."""


def view(aws: Aws, instance_id: str) -> tuple[str | None, str | None]:
    """An instance's state (running, shutting-down, …) and its address; None for what EC2 does not know."""
    try:
        answer = aws.call(lambda: aws.ec2.describe_instances(InstanceIds=[instance_id]))
    except ClientError as error:
        if error_code(error).startswith("InvalidInstanceID"):
            return None, None
        raise
    for reservation in answer["Reservations"]:
        for instance in reservation.get("Instances", []):
            return instance["State"].get("Name"), instance.get("PrivateIpAddress")
    return None, None
