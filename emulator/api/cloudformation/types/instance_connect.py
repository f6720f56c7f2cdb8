"""EC2 Instance Connect Endpoints: recorded, and as many as AWS allows. Nothing listens behind them."""

from uuid import uuid4

from emulator.api.calls import call
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType


class InstanceConnectEndpoint(ResourceType):
    """AWS::EC2::InstanceConnectEndpoint.

    A VPC has one at most (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html).
    """

    name = "AWS::EC2::InstanceConnectEndpoint"
    replaced_by = ("SubnetId", "SecurityGroupIds", "PreserveClientIp", "ClientToken")
    tag_property = "Tags"

    def __init__(self) -> None:
        self._vpcs: dict[str, str] = {}

    def forget(self) -> None:
        """The emulator was reset."""
        self._vpcs.clear()

    def create(self, resource: Resource) -> Provisioned:
        """Create it."""
        properties = resource.properties
        (subnet,) = call("ec2", "describe_subnets", SubnetIds=[properties["SubnetId"]])["Subnets"]
        if groups := properties.get("SecurityGroupIds"):
            call("ec2", "describe_security_groups", GroupIds=list(groups))
        if subnet["VpcId"] in self._vpcs.values():
            raise ValueError(f"{subnet['VpcId']} has an EC2 Instance Connect Endpoint, and may have one only")
        physical_id = f"eice-{uuid4().hex[:17]}"
        self._vpcs[physical_id] = subnet["VpcId"]
        return Provisioned(physical_id, {"Id": physical_id})

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Nothing but its tags can change."""
        del resource, old
        return Provisioned(physical_id, {"Id": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        del properties
        self._vpcs.pop(physical_id, None)
