"""Endpoints of EC2 Instance Connect."""

import re

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Stack


def test_an_endpoint_has_an_id(stack: Stack, template: Template) -> None:
    """By its reference, too; when it is deleted, the VPC may have another one."""
    stack.create(template("instance-connect"))
    assert stack.status == "CREATE_COMPLETE", stack.events()
    assert re.fullmatch("eice-[0-9a-f]{17}", stack.outputs["ById"])
    assert stack.outputs["ByRef"] == stack.outputs["ById"]
    stack.delete()


def test_a_vpc_has_one_endpoint_only(stack: Stack, template: Template) -> None:
    """The second one fails, and says why."""
    stack.create(template("instance-connect").replace('Default: "no"', 'Default: "yes"'))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert any("may have one only" in str(event) for event in stack.events())
