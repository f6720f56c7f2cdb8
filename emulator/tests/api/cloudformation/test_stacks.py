"""Stack operations: protection, outputs of other stacks, limits."""

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Emulator, Stack

_EXPORT = """
Parameters: {Name: {Type: String}}
Resources: {P: {Type: "AWS::SSM::Parameter", Properties: {Type: String, Value: x}}}
Outputs: {Out: {Value: !Ref P, Export: {Name: !Ref Name}}}
"""
_IMPORT = """
Parameters: {Name: {Type: String}}
Resources: {P: {Type: "AWS::SSM::Parameter", Properties: {Type: String, Value: !ImportValue {Ref: Name}}}}
"""


def test_protected_stack_is_not_deleted(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Termination protection refuses the delete until it is removed."""
    client = emulator.client("cloudformation")
    stack.create(template("endpoints"))
    client.update_termination_protection(StackName=stack.name, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        stack.delete()
    assert stack.status == "CREATE_COMPLETE"
    client.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    stack.delete()


def test_export_in_use_keeps_its_stack(emulator: Emulator, stack: Stack) -> None:
    """A stack whose export another one imports cannot be deleted first."""
    other = emulator.stack()
    stack.create(_EXPORT, Name=stack.name)
    other.create(_IMPORT, Name=stack.name)
    assert other.status == "CREATE_COMPLETE", other.events()
    with pytest.raises(ClientError, match="is imported by"):
        stack.delete()
    other.delete()
    stack.delete()


def test_update_without_changes_is_refused(stack: Stack, template: Template) -> None:
    """The same template again is no update."""
    stack.create(template("endpoints"))
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stack.update(template("endpoints"))


def test_user_data_limit(stack: Stack, template: Template) -> None:
    """User data above 16 KiB is refused as EC2 does, with both numbers."""
    text = template("group").replace('!Base64 "#!/bin/sh"', f'!Base64 "{"x" * 16385}"')
    stack.create(text)
    assert stack.status == "ROLLBACK_COMPLETE"
    failures = [reason for status, reason in stack.events("Template") if status == "CREATE_FAILED"]
    assert "16384 bytes, not 16385" in failures[0]
