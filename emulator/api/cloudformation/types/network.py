"""What ministack's VPCs and subnets do not say or check."""

from emulator.api.calls import call
from emulator.api.cloudformation.registry import (
    Properties,
    Provisioned,
    Resource,
    ResourceType,
    provisioner,
)

_VPC_REPLACED_BY = ("CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength")
_CREATE = provisioner("_ec2_vpc_create", "logical_id", "props", "stack_name")
_UPDATE = provisioner("_ec2_vpc_update", "physical_id", "old_props", "new_props", "stack_name", "logical_id")
_DELETE = provisioner("_ec2_vpc_delete", "physical_id", "props")


class Vpc(ResourceType):
    """AWS::EC2::VPC: ministack's, with the attributes that it lacks."""

    name = "AWS::EC2::VPC"
    replaced_by = _VPC_REPLACED_BY
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it."""
        made = _CREATE.get()(resource.logical_id, resource.properties, resource.stack_name)
        return self._provisioned(*made)

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change it."""
        made = _UPDATE.get()(physical_id, old, resource.properties, resource.stack_name, resource.logical_id)
        return self._provisioned(*made)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        _DELETE.get()(physical_id, properties)

    @staticmethod
    def _provisioned(vpc_id: str, attributes: dict[str, object]) -> Provisioned:
        vpc = call("ec2", "describe_vpcs", VpcIds=[vpc_id])["Vpcs"][0]
        associations = [
            association["AssociationId"] for association in vpc.get("CidrBlockAssociationSet") or []
        ]
        return Provisioned(
            vpc_id,
            {
                **attributes,
                "CidrBlock": vpc["CidrBlock"],
                "CidrBlockAssociations": associations,
                "Ipv6CidrBlocks": [],
            },
        )
