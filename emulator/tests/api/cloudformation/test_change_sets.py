"""Change sets: action, replacement and values, as DescribeChangeSet gives them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from emulator.api.cloudformation import change_sets
from emulator.api.cloudformation.values_after import KNOWN_AFTER_APPLY
from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Emulator, Stack

_RECORDS = """
Parameters: {Text: {Type: String}}
Resources:
  Kept: {Type: "AWS::SSM::Parameter", Properties: {Type: String, Value: !Ref Text, Tags: {a: b}}}
  Bucket: {Type: "AWS::S3::Bucket", DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
  Named: {Type: "AWS::SSM::Parameter", Properties: {Type: String, Value: !Sub "${Bucket}/x"}}
  Arn: {Type: "AWS::SSM::Parameter", Properties: {Type: String, Value: !Join ["", [!GetAtt Bucket.Arn, x]]}}
  Gone: {Type: "AWS::SSM::Parameter", Properties: {Type: String, Value: x}}
"""


def _changes(
    emulator: Emulator, stack: Stack, template: str, *, values: bool = True, **parameters: str
) -> Mapping[str, Mapping[str, Any]]:
    client = emulator.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    client.create_change_set(
        StackName=stack.name, ChangeSetName="plan", TemplateBody=template, Parameters=given
    )
    described = client.describe_change_set(
        StackName=stack.name, ChangeSetName="plan", IncludePropertyValues=values
    )
    client.delete_change_set(StackName=stack.name, ChangeSetName="plan")
    changes = [change["ResourceChange"] for change in described["Changes"]]
    return {change["LogicalResourceId"]: change for change in changes}


def test_values_before_and_after(emulator: Emulator, stack: Stack) -> None:
    """Of what changes, is added and is removed; what is not known yet has the marker."""
    stack.create(_RECORDS, Text="old")
    changed = (
        _RECORDS.replace("Gone:", "New:")
        .replace(
            "UpdateReplacePolicy: Retain}", "UpdateReplacePolicy: Retain, Properties: {BucketName: b-1}}"
        )
        .replace("Tags: {a: b}", "Tags: {a: c}")
    )
    found = _changes(emulator, stack, changed, Text="new")
    assert {name: change["Action"] for name, change in found.items()} == {
        **dict.fromkeys(("Kept", "Bucket", "Named", "Arn"), "Modify"),
        "New": "Add",
        "Gone": "Remove",
    }
    bucket = found["Bucket"]
    assert (bucket["Replacement"], bucket["PolicyAction"]) == ("True", "ReplaceAndRetain")
    assert json.loads(bucket["AfterContext"]) == {
        "Properties": {"BucketName": "b-1"}, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
    }  # fmt: skip
    targets = [detail["Target"] for detail in found["Kept"]["Details"]]
    assert ("/Properties/Value", "old", "new", "Modify") in [_values(target) for target in targets]
    assert ("/Properties/Tags/a", "b", "c", "Modify") in [_values(target) for target in targets]
    assert json.loads(found["Kept"]["BeforeContext"])["Properties"]["Value"] == "old"
    for name in ("Named", "Arn"):
        assert json.loads(found[name]["AfterContext"])["Properties"]["Value"] == KNOWN_AFTER_APPLY
        assert KNOWN_AFTER_APPLY not in found[name]["BeforeContext"]
    assert "BeforeContext" not in found["New"]
    assert "AfterContext" not in found["Gone"]


def _values(target: Mapping[str, str]) -> tuple[str, str, str, str]:
    return target["Path"], target["BeforeValue"], target["AfterValue"], target["AttributeChangeType"]


def test_values_are_there_only_if_they_are_asked_for(emulator: Emulator, stack: Stack) -> None:
    """Without IncludePropertyValues neither contexts nor paths."""
    stack.create(_RECORDS, Text="old")
    found = _changes(emulator, stack, _RECORDS, values=False, Text="new")
    assert list(found) == ["Kept"]
    assert not {"BeforeContext", "AfterContext"} & found["Kept"].keys()
    assert [set(detail["Target"]) & {"Path", "BeforeValue"} for detail in found["Kept"]["Details"]] == [
        set() for _ in found["Kept"]["Details"]
    ]


def test_an_export_that_is_not_there_yet_is_known_later(emulator: Emulator, stack: Stack) -> None:
    """Another stack of the same deployment may make it: the change set is made all the same."""
    stack.create(_RECORDS, Text="old")
    changed = _RECORDS.replace("Value: x", "Value: !ImportValue not-there")
    found = _changes(emulator, stack, changed, Text="old")
    assert json.loads(found["Gone"]["AfterContext"])["Properties"]["Value"] == KNOWN_AFTER_APPLY


def test_a_group_follows_its_launch_template(emulator: Emulator, stack: Stack, template: Template) -> None:
    """The template changes in place; whether its version replaces the group depends on the UpdatePolicy."""
    stack.create(template("group"))
    changed = template("group").replace("m7i.large", "m7i.xlarge")
    assert changed != template("group")
    found = _changes(emulator, stack, changed)
    assert found["Template"]["Replacement"] == "False"
    group = found["Group"]
    assert group["Replacement"] == "Conditional"
    causes = {
        (detail["Target"]["Name"], detail["Target"]["RequiresRecreation"], detail.get("CausingEntity"))
        for detail in group["Details"]
    }
    assert ("LaunchTemplate", "Conditionally", "Template.LatestVersionNumber") in causes
    after = json.loads(group["AfterContext"])["Properties"]["LaunchTemplate"]
    assert after["Version"] == KNOWN_AFTER_APPLY
    assert after["LaunchTemplateId"].startswith("lt-")


@pytest.mark.parametrize("name", [*change_sets.REPLACED_BY, *change_sets.MAY_BE_REPLACED_BY])
def test_what_replaces_a_resource_is_what_its_schema_says(name: str) -> None:
    """AWS publishes them with each type; cfn-lint brings them."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema

    def listed(key: str) -> set[str]:
        return {path.split("/")[2] for path in schema.get(key, [])}

    if name in change_sets.REPLACED_BY:
        assert set(change_sets.REPLACED_BY[name]) == listed("createOnlyProperties")
    assert set(change_sets.MAY_BE_REPLACED_BY.get(name, ())) == listed("conditionalCreateOnlyProperties") - (
        {"Ipv6CidrBlock"}
    )
