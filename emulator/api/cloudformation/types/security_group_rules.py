"""Rules of a security group as resources of their own, as CDK writes those between two groups."""

from typing import Any, ClassVar

from emulator.api.calls import call
from emulator.api.cloudformation.registry import (
    Properties,
    Provisioned,
    Resource,
    ResourceType,
    provisioner,
)
from emulator.api.cloudformation.types.values import delete_unless_gone
from emulator.api.ec2 import limits

_GONE = ("InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound")
_COMMON = ("CidrIp", "CidrIpv6", "FromPort", "GroupId", "GroupName", "IpProtocol", "ToPort")


_PERMISSIONS = provisioner("_ec2_sg_permissions", "rules")


def check_inline_rules() -> None:
    """Check rules in a group's own properties, too, where ministack does not ask EC2."""
    original = _PERMISSIONS.get()

    def permissions(rules: Any) -> Any:
        made = original(rules)
        limits.check_rules(made)
        return made

    _PERMISSIONS.replace(permissions)


class _Rule(ResourceType):
    direction: ClassVar[str]
    peer: ClassVar[str]
    """`Source` or `Destination`, as the properties begin."""

    def create(self, resource: Resource) -> Provisioned:
        """Add the rule."""
        properties = resource.properties
        reply = call(
            "ec2",
            f"authorize_security_group_{self.direction}",
            GroupId=properties["GroupId"],
            IpPermissions=[self._permission(properties)],
        )
        rule_id = reply["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Provisioned(rule_id, {"Id": rule_id})

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its description: everything else replaces it."""
        del old
        call(
            "ec2",
            f"update_security_group_rule_descriptions_{self.direction}",
            GroupId=resource.properties["GroupId"],
            IpPermissions=[self._permission(resource.properties)],
        )
        return Provisioned(physical_id, {"Id": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Remove the rule."""
        delete_unless_gone(
            "ec2",
            f"revoke_security_group_{self.direction}",
            gone=_GONE,
            GroupId=properties["GroupId"],
            SecurityGroupRuleIds=[physical_id],
        )

    def _permission(self, properties: Properties) -> dict[str, Any]:
        described = {"Description": properties["Description"]} if properties.get("Description") else {}
        permission: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
        for port in ("FromPort", "ToPort"):
            if port in properties:
                permission[port] = int(properties[port])
        if group_id := properties.get(f"{self.peer}SecurityGroupId"):
            permission["UserIdGroupPairs"] = [{"GroupId": group_id, **described}]
        if prefix_list_id := properties.get(f"{self.peer}PrefixListId"):
            permission["PrefixListIds"] = [{"PrefixListId": prefix_list_id, **described}]
        if cidr := properties.get("CidrIp"):
            permission["IpRanges"] = [{"CidrIp": cidr, **described}]
        if cidr := properties.get("CidrIpv6"):
            permission["Ipv6Ranges"] = [{"CidrIpv6": cidr, **described}]
        return permission


class SecurityGroupIngress(_Rule):
    """AWS::EC2::SecurityGroupIngress."""

    name = "AWS::EC2::SecurityGroupIngress"
    replaced_by = (
        *_COMMON,
        "SourcePrefixListId",
        "SourceSecurityGroupId",
        "SourceSecurityGroupName",
        "SourceSecurityGroupOwnerId",
    )
    direction = "ingress"
    peer = "Source"


class SecurityGroupEgress(_Rule):
    """AWS::EC2::SecurityGroupEgress."""

    name = "AWS::EC2::SecurityGroupEgress"
    replaced_by = (*_COMMON, "DestinationPrefixListId", "DestinationSecurityGroupId")
    direction = "egress"
    peer = "Destination"
