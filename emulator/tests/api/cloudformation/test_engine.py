"""The order of resources, and properties as parameters of an API."""

import pytest

from emulator.api.cloudformation import engine, parameters
from emulator.api.cloudformation.operation import Definition

_GROUP = "AWS::AutoScaling::AutoScalingGroup"


def test_what_waits_comes_last() -> None:
    """A wait condition comes after groups, groups after the rest, and dependencies before all of that."""
    resources: dict[str, Definition] = {
        "AWait": {"Type": "AWS::CloudFormation::WaitCondition", "CreationPolicy": {}},
        "BGroup": {"Type": _GROUP, "Properties": {"LaunchTemplate": {"Ref": "YTemplate"}}},
        "CGroup": {"Type": _GROUP, "DependsOn": "BGroup"},
        "YTemplate": {"Type": "AWS::EC2::LaunchTemplate"},
        "ZRecord": {"Type": "AWS::Route53::RecordSet"},
    }
    assert engine.sort_with_waiting_last(resources, {}) == [
        "YTemplate",
        "ZRecord",
        "BGroup",
        "CGroup",
        "AWait",
    ]


def test_what_needs_a_wait_condition_comes_after_it() -> None:
    """A dependency takes precedence over waiting last."""
    resources: dict[str, Definition] = {
        "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "CreationPolicy": {}},
        "After": {"Type": "AWS::SSM::Parameter", "DependsOn": ["Wait"]},
    }
    assert engine.sort_with_waiting_last(resources, {}) == ["Wait", "After"]


def test_resources_of_a_false_condition_are_left_out() -> None:
    """They are neither ordered nor waited for."""
    resources = {
        "A": {"Type": "AWS::SSM::Parameter", "DependsOn": "B"},
        "B": {"Type": "AWS::SSM::Parameter", "Condition": "No"},
    }
    assert engine.sort_with_waiting_last(resources, {"No": False}) == ["A"]


def test_cycle_is_named() -> None:
    """Resources that need each other are listed."""
    resources = {
        "A": {"Type": "AWS::SSM::Parameter", "DependsOn": "B"},
        "B": {"Type": "AWS::SSM::Parameter", "DependsOn": "A"},
    }
    with pytest.raises(ValueError, match=r"\[A, B\]"):
        engine.sort_with_waiting_last(resources, {})


def test_properties_become_parameters() -> None:
    """Texts become what the API takes; properties of CloudFormation's own are left out."""
    properties = {
        "AutoScalingGroupName": "g",
        "MinSize": "1",
        "NewInstancesProtectedFromScaleIn": "true",
        "AvailabilityZones": "us-east-1a",
        "LifecycleHookSpecificationList": [{"LifecycleHookName": "h", "HeartbeatTimeout": "300"}],
        "MetricsCollection": [],
        "CapacityRebalance": None,
    }
    assert parameters.for_operation("autoscaling", "CreateAutoScalingGroup", properties) == {
        "AutoScalingGroupName": "g",
        "MinSize": 1,
        "NewInstancesProtectedFromScaleIn": True,
        "AvailabilityZones": ["us-east-1a"],
        "LifecycleHookSpecificationList": [{"LifecycleHookName": "h", "HeartbeatTimeout": 300}],
    }
