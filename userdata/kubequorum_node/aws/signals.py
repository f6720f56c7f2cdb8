"""Signals to resources of a CloudFormation stack that wait for them."""

from typing import Literal

from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.hooks import is_validation_error

_UNIQUE_ID_LENGTH = 64
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SignalResource.html"""

Outcome = Literal["sent", "not awaited", "not yet"]
Status = Literal["SUCCESS", "FAILURE"]


class StackSignals:
    """The resources of one stack that may wait for a signal."""

    def __init__(self, aws: Aws, stack: str) -> None:
        self._aws = aws
        self._stack = stack

    def status(self, logical_id: str) -> str:
        """Status of a resource.

        Raises:
            ClientError: there is no such resource (yet).

        """
        detail = self._aws.call(
            lambda: self._aws.cloudformation.describe_stack_resource(
                StackName=self._stack, LogicalResourceId=logical_id
            )
        )
        return detail["StackResourceDetail"]["ResourceStatus"]

    def send(self, logical_id: str, status: Status, unique_id: str) -> Outcome:
        """Signal if the resource waits for it now; returns whether it may do so later.

        Args:
            logical_id: the resource.
            status: whether what it waits for has succeeded.
            unique_id: distinguishes signals; the stack's events show it. See `signal_id`.

        """
        try:
            if not self.status(logical_id).endswith("_IN_PROGRESS"):
                return "not awaited"
            self._aws.call(
                lambda: self._aws.cloudformation.signal_resource(
                    StackName=self._stack,
                    LogicalResourceId=logical_id,
                    UniqueId=unique_id,
                    Status=status,
                )
            )
        except ClientError as error:
            if not is_validation_error(error):
                raise
            # The stack has not reached this resource, or has just stopped waiting: look again.
            return "not yet"
        return "sent"


def signal_id(text: str) -> str:
    """The id of a signal: as much of a text as fits.

    A signal has no field for a reason, only an id, which the stack's event shows and which is limited in
    length alone. So the id holds the reason.
    """
    plain = " ".join(text.encode("ascii", "replace").decode().split())
    return plain[:_UNIQUE_ID_LENGTH].rstrip()
