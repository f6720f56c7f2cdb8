"""What ministack's VPCs and subnets do not say or check."""

from local.api.calls import call
from local.api.cloudformation.registry import (
    Properties,
    Provisioned,
    Resource,
    ResourceType,
    ministack_handlers,
)

_VPC_REPLACED_BY = ("CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength")


class Vpc(ResourceType):
    """AWS::EC2::VPC: ministack's, with the attributes that it lacks."""

    name = "AWS::EC2::VPC"
    replaced_by = _VPC_REPLACED_BY
    tag_property = "Tags"

    def __init__(self) -> None:
        self._ministack = ministack_handlers(self.name)

    def create(self, resource: Resource) -> Provisioned:
        """Create it."""
        made = self._ministack["create"](resource.logical_id, resource.properties, resource.stack_name)
        return self._provisioned(*made)

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change it."""
        made = self._ministack["update"](
            physical_id, old, resource.properties, resource.stack_name, resource.logical_id
        )
        return self._provisioned(*made)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        self._ministack["delete"](physical_id, properties)

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
