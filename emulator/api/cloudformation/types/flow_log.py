"""VPC flow logs."""

from emulator.api.calls import call
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType
from emulator.api.cloudformation.types.values import chosen, delete_unless_gone, retag, tag_specifications

_PARAMETERS = (
    "TrafficType",
    "LogDestinationType",
    "LogGroupName",
    "LogDestination",
    "DeliverLogsPermissionArn",
    "DeliverCrossAccountRole",
    "LogFormat",
    "MaxAggregationInterval",
    "DestinationOptions",
)


class FlowLog(ResourceType):
    """AWS::EC2::FlowLog. It is recorded; nothing is ever written to its destination."""

    name = "AWS::EC2::FlowLog"
    replaced_by = ("ResourceId", "ResourceType", *_PARAMETERS)
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it."""
        properties = resource.properties
        reply = call(
            "ec2",
            "create_flow_logs",
            ResourceIds=[properties["ResourceId"]],
            ResourceType=properties["ResourceType"],
            **chosen(properties, _PARAMETERS),
            **tag_specifications("vpc-flow-log", properties),
        )
        if refused := reply.get("Unsuccessful"):
            raise ValueError(refused[0]["Error"]["Message"])
        return Provisioned(reply["FlowLogIds"][0], {"Id": reply["FlowLogIds"][0]})

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its tags."""
        retag(physical_id, old=old, new=resource.properties)
        return Provisioned(physical_id, {"Id": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        del properties
        delete_unless_gone(
            "ec2", "delete_flow_logs", gone=("InvalidFlowLogId.NotFound",), FlowLogIds=[physical_id]
        )
