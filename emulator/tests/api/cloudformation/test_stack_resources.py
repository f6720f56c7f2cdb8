"""What a stack says of its resources while it is being made."""

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Emulator, Stack, wait_until


def test_a_resource_in_progress_is_shown(emulator: Emulator, stack: Stack, template: Template) -> None:
    """From its first event on a resource is listed, with the status of its last one."""
    cloudformation = emulator.client("cloudformation")
    stack.begin_create(template("waiting"), Count="1", Timeout="PT1H")

    def status() -> str | None:
        try:
            detail = cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId="AReady")[
                "StackResourceDetail"
            ]
        except ClientError:
            return None
        return str(detail["ResourceStatus"])

    wait_until(lambda: status() == "CREATE_IN_PROGRESS", what="the wait condition to be in progress")
    listed = cloudformation.list_stack_resources(StackName=stack.name)["StackResourceSummaries"]
    described = cloudformation.describe_stack_resources(StackName=stack.name)["StackResources"]
    for found in (listed, described):
        assert [r["ResourceStatus"] for r in found if r["LogicalResourceId"] == "AReady"] == [
            "CREATE_IN_PROGRESS"
        ]
    stack.signal("AReady", "i-1")
    assert stack.wait() == "CREATE_COMPLETE"
    assert status() == "CREATE_COMPLETE"


def test_a_resource_of_no_template_is_not_there(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Only what the template has is shown."""
    cloudformation = emulator.client("cloudformation")
    stack.begin_create(template("waiting"), Count="1", Timeout="PT1H")
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId="Other")
    stack.signal("AReady", "i-1")
    stack.wait()
