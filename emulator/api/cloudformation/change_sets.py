"""Change sets with property values, as DescribeChangeSet gives them with IncludePropertyValues.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from emulator.api import patches
from emulator.api.cloudformation import operation
from emulator.api.cloudformation.types.auto_scaling_group import AutoScalingGroup
from emulator.api.cloudformation.values_after import ValuesAfter, leaves

_ACTIONS = patches.declare(
    "ministack.services.cloudformation",
    "_ACTION_HANDLERS",
    items={"DescribeChangeSet": ("params",)},
    why="it answers with values of properties if it is asked for them",
)
_FIND = patches.declare(
    "ministack.services.cloudformation.changesets",
    "_find_change_set",
    parameters=("cs_name", "stack_name"),
    why="the change set that is described",
)
_STACKS = patches.declare(
    "ministack.services.cloudformation", "_stacks", why="what a stack's properties are now"
)
_REPLACING = patches.declare(
    "ministack.services.cloudformation.provisioners",
    "_REPLACING_PROPERTIES",
    why="which properties replace a resource, of types that ministack does not list",
)
_CONDITIONALLY = patches.declare(
    "ministack.services.cloudformation.provisioners",
    "_CONDITIONALLY_REPLACING_PROPERTIES",
    why="which properties may replace a resource",
)
REPLACED_BY: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudFront::Distribution": (),
    "AWS::CloudFront::OriginAccessControl": (),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::EC2::InternetGateway": (),
    "AWS::EC2::Route": (
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
        "RouteTableId",
    ),
    "AWS::EC2::RouteTable": ("VpcId",),
    "AWS::EC2::SecurityGroup": ("GroupDescription", "GroupName", "VpcId"),
    "AWS::EC2::Subnet": (
        "AvailabilityZone",
        "AvailabilityZoneId",
        "CidrBlock",
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6IpamPoolId",
        "Ipv6Native",
        "Ipv6NetmaskLength",
        "OutpostArn",
        "VpcId",
    ),
    "AWS::EC2::SubnetRouteTableAssociation": ("RouteTableId", "SubnetId"),
    "AWS::EC2::VPCEndpoint": (
        "DnsOptions",
        "ResourceConfigurationArn",
        "ServiceName",
        "ServiceNetworkArn",
        "ServiceRegion",
        "VpcEndpointType",
        "VpcId",
    ),
    "AWS::EC2::VPCGatewayAttachment": ("VpcId",),
    "AWS::IAM::Policy": (),
    "AWS::KMS::Key": (),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Route53::RecordSet": ("HostedZoneId", "HostedZoneName"),
    "AWS::S3::BucketPolicy": ("Bucket",),
}
"""Properties that are `createOnlyProperties` in the types' CloudFormation schemas."""
MAY_BE_REPLACED_BY: Mapping[str, tuple[str, ...]] = {
    AutoScalingGroup.name: (
        "LaunchConfigurationName",
        "LaunchTemplate",
        "MixedInstancesPolicy",
        "VPCZoneIdentifier",
    ),
}
"""`conditionalCreateOnlyProperties` there: an AutoScalingReplacingUpdate replaces the group."""
_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")

Handler = Callable[[Any], Any]
Properties = Mapping[str, Any]


def install() -> None:
    """Complete ministack's tables, and its DescribeChangeSet."""
    known = _REPLACING.get()
    for name, properties in REPLACED_BY.items():
        # What a type of ours or ministack itself says stays.
        if name not in known:
            _REPLACING.set_item(name, properties)
    for name, properties in MAY_BE_REPLACED_BY.items():
        _CONDITIONALLY.set_item(name, properties)
    _ACTIONS.replace_item("DescribeChangeSet", _with_values(_ACTIONS.item("DescribeChangeSet")))


def _with_values(original: Handler) -> Handler:
    def handle(params: Any) -> Any:
        status, headers, body = original(params)
        if status != 200 or _text(params, "IncludePropertyValues").lower() != "true":
            return status, headers, body
        _, change_set = _FIND.get()(_text(params, "ChangeSetName"), _text(params, "StackName"))
        stack = next((s for s in _STACKS.get().values() if s["StackId"] == change_set["StackId"]), None)
        return status, headers, _completed(body, stack or {}, change_set)

    return handle


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _completed(body: bytes, stack: Mapping[str, Any], change_set: Mapping[str, Any]) -> bytes:
    ElementTree.register_namespace("", _NAMESPACE)
    # The emulator's own answer.
    root = ElementTree.fromstring(body)  # noqa: S314
    after = ValuesAfter(stack, change_set)
    before = (stack.get("_template") or {}).get("Resources") or {}
    for element in root.iter(f"{{{_NAMESPACE}}}ResourceChange"):
        logical_id = element.findtext(f"{{{_NAMESPACE}}}LogicalResourceId", "")
        was = _context(before.get(logical_id), _properties_now(stack, logical_id))
        becomes = _context(after.definitions.get(logical_id), after.properties(logical_id))
        _complete_details(element, was or {}, becomes or {})
        for name, context in (("BeforeContext", was), ("AfterContext", becomes)):
            if context is not None:
                _add(element, name, json.dumps(context))
    completed: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return completed


def _properties_now(stack: Mapping[str, Any], logical_id: str) -> Properties:
    record = (stack.get("_resources") or {}).get(logical_id) or {}
    properties: Properties = record.get("Properties") or {}
    return properties


def _context(definition: operation.Definition | None, properties: Properties) -> dict[str, Any] | None:
    if definition is None:
        return None
    attributes = {name: definition[name] for name in _ATTRIBUTES if name in definition}
    return {"Properties": copy.deepcopy(dict(properties)), **attributes}


def _complete_details(change: ElementTree.Element, was: Properties, becomes: Properties) -> None:
    details = change.find(f"{{{_NAMESPACE}}}Details")
    if details is None:
        return
    for member in list(details):
        target = member.find(f"{{{_NAMESPACE}}}Target")
        if target is None:
            continue
        attribute = target.findtext(f"{{{_NAMESPACE}}}Attribute", "")
        name = target.findtext(f"{{{_NAMESPACE}}}Name")
        path = f"/{attribute}/{name}" if name else f"/{attribute}"
        old, new = was.get(attribute), becomes.get(attribute)
        if name:
            old, new = (old or {}).get(name), (new or {}).get(name)
        found = list(leaves(old, new, path)) or [(path, old, new)]
        # One entry for each value that differs: the first takes the place of the original.
        position = list(details).index(member)
        details.remove(member)
        for number, (where, value, other) in enumerate(found):
            each = copy.deepcopy(member)
            own = each.find(f"{{{_NAMESPACE}}}Target")
            assert own is not None  # noqa: S101 - a copy of one that has it
            _add(own, "Path", where)
            for title, content in (("BeforeValue", value), ("AfterValue", other)):
                if content is not None:
                    _add(own, title, content if isinstance(content, str) else json.dumps(content))
            kind = "Add" if value is None else "Remove" if other is None else "Modify"
            _add(own, "AttributeChangeType", kind)
            details.insert(position + number, each)


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{_NAMESPACE}}}{name}").text = text
