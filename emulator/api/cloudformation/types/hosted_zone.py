"""Route53 hosted zones, private ones with their VPCs."""

from typing import Any

from emulator.api.calls import call
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType
from emulator.api.cloudformation.types.values import delete_unless_gone


class HostedZone(ResourceType):
    """AWS::Route53::HostedZone; one with VPCs is private."""

    name = "AWS::Route53::HostedZone"
    replaced_by = ("Name",)
    tag_property = "HostedZoneTags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it and associate its VPCs."""
        properties = resource.properties
        vpcs = _vpcs(properties)
        config: dict[str, Any] = {"PrivateZone": bool(vpcs)}
        if comment := (properties.get("HostedZoneConfig") or {}).get("Comment"):
            config["Comment"] = comment
        zone = call(
            "route53",
            "create_hosted_zone",
            Name=properties["Name"],
            CallerReference=resource.generated_name(max_length=128),
            HostedZoneConfig=config,
            **({"VPC": vpcs[0]} if vpcs else {}),
        )["HostedZone"]
        zone_id = zone["Id"].rpartition("/")[2]
        for vpc in vpcs[1:]:
            call("route53", "associate_vpc_with_hosted_zone", HostedZoneId=zone_id, VPC=vpc)
        _tag(zone_id, old={}, new=properties)
        return self._provisioned(zone_id)

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its comment, VPCs and tags; its records stay."""
        before, after = _vpcs(old), _vpcs(resource.properties)
        if bool(before) != bool(after):
            raise ValueError(
                "A public hosted zone cannot become private, nor a private one public: rename it"
            )
        for vpc in after:
            if vpc not in before:
                call("route53", "associate_vpc_with_hosted_zone", HostedZoneId=physical_id, VPC=vpc)
        for vpc in before:
            if vpc not in after:
                call("route53", "disassociate_vpc_from_hosted_zone", HostedZoneId=physical_id, VPC=vpc)
        comment = (resource.properties.get("HostedZoneConfig") or {}).get("Comment", "")
        if comment != (old.get("HostedZoneConfig") or {}).get("Comment", ""):
            call("route53", "update_hosted_zone_comment", Id=physical_id, Comment=comment)
        _tag(physical_id, old=old, new=resource.properties)
        return self._provisioned(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it; one that still has records of others refuses."""
        del properties
        delete_unless_gone("route53", "delete_hosted_zone", gone=("NoSuchHostedZone",), Id=physical_id)

    @staticmethod
    def _provisioned(zone_id: str) -> Provisioned:
        servers = (
            call("route53", "get_hosted_zone", Id=zone_id).get("DelegationSet", {}).get("NameServers", [])
        )
        return Provisioned(zone_id, {"Id": zone_id, "NameServers": servers})


def _vpcs(properties: Properties) -> list[dict[str, str]]:
    return [
        {"VPCRegion": str(vpc["VPCRegion"]), "VPCId": str(vpc["VPCId"])}
        for vpc in properties.get("VPCs") or []
    ]


def _tag(zone_id: str, *, old: Properties, new: Properties) -> None:
    before = {tag["Key"]: tag["Value"] for tag in old.get("HostedZoneTags") or []}
    after = {tag["Key"]: tag["Value"] for tag in new.get("HostedZoneTags") or []}
    if before == after:
        return
    added = [{"Key": key, "Value": str(value)} for key, value in after.items() if before.get(key) != value]
    gone = sorted(before.keys() - after.keys())
    call(
        "route53",
        "change_tags_for_resource",
        ResourceType="hostedzone",
        ResourceId=zone_id,
        **({"AddTags": added} if added else {}),
        **({"RemoveTagKeys": gone} if gone else {}),
    )
