"""Elastic IP addresses and NAT gateways."""

from typing import Any

from emulator.api.calls import call
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType
from emulator.api.cloudformation.types.values import chosen, delete_unless_gone, retag, tag_specifications


class ElasticIp(ResourceType):
    """AWS::EC2::EIP; `Ref` is the address."""

    name = "AWS::EC2::EIP"
    replaced_by = ("Domain", "NetworkBorderGroup", "TransferAddress", "Address", "IpamPoolId")
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Allocate an address."""
        address = call(
            "ec2", "allocate_address", Domain="vpc", **tag_specifications("elastic-ip", resource.properties)
        )
        return self._provisioned(address)

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its tags."""
        address = self._find(physical_id)
        retag(address["AllocationId"], old=old, new=resource.properties)
        return self._provisioned(address)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Release it."""
        del properties
        for address in call("ec2", "describe_addresses")["Addresses"]:
            if address["PublicIp"] == physical_id:
                call("ec2", "release_address", AllocationId=address["AllocationId"])

    @staticmethod
    def _find(public_ip: str) -> dict[str, Any]:
        for address in call("ec2", "describe_addresses")["Addresses"]:
            if address["PublicIp"] == public_ip:
                found: dict[str, Any] = address
                return found
        raise LookupError(f"The address {public_ip} does not exist: it was released outside CloudFormation")

    @staticmethod
    def _provisioned(address: dict[str, Any]) -> Provisioned:
        return Provisioned(
            address["PublicIp"],
            {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]},
        )


class NatGateway(ResourceType):
    """AWS::EC2::NatGateway."""

    name = "AWS::EC2::NatGateway"
    replaced_by = ("SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress", "VpcId")
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it; it is available at once."""
        properties = resource.properties
        subnets = call("ec2", "describe_subnets", SubnetIds=[properties["SubnetId"]])["Subnets"]
        if properties.get("ConnectivityType", "public") == "public" and not properties.get("AllocationId"):
            raise ValueError(
                "NatGateway is not in state available and could not be stabilized: a public one "
                "needs AllocationId"
            )
        gateway = call(
            "ec2",
            "create_nat_gateway",
            **chosen(properties, ("SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress")),
            **tag_specifications("natgateway", properties),
        )["NatGateway"]
        return Provisioned(
            gateway["NatGatewayId"], {"NatGatewayId": gateway["NatGatewayId"], "VpcId": subnets[0]["VpcId"]}
        )

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its tags."""
        retag(physical_id, old=old, new=resource.properties)
        gateway = call("ec2", "describe_nat_gateways", NatGatewayIds=[physical_id])["NatGateways"][0]
        return Provisioned(physical_id, {"NatGatewayId": physical_id, "VpcId": gateway["VpcId"]})

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        del properties
        delete_unless_gone(
            "ec2", "delete_nat_gateway", gone=("NatGatewayNotFound",), NatGatewayId=physical_id
        )
