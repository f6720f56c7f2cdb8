"""EC2's API of network interfaces, as far as instances have them."""

from collections.abc import Mapping

from emulator.api.ec2 import filters, store
from emulator.api.ec2.filters import Values, each, path
from emulator.api.wire import ApiError, Request, Response

FILTERS: Mapping[str, Values] = {
    "addresses.private-ip-address": path("PrivateIpAddress"),
    "attachment.attachment-id": path("Attachment", "AttachmentId"),
    "attachment.device-index": path("Attachment", "DeviceIndex"),
    "attachment.instance-id": path("Attachment", "InstanceId"),
    "attachment.status": path("Attachment", "Status"),
    "availability-zone": path("AvailabilityZone"),
    "description": path("Description"),
    "group-id": each("Groups", "GroupId"),
    "group-name": each("Groups", "GroupName"),
    "interface-type": path("InterfaceType"),
    "mac-address": path("MacAddress"),
    "network-interface-id": path("NetworkInterfaceId"),
    "private-dns-name": path("PrivateDnsName"),
    "private-ip-address": path("PrivateIpAddress"),
    "status": path("Status"),
    "subnet-id": path("SubnetId"),
    "vpc-id": path("VpcId"),
}


def describe(request: Request) -> Response:
    """DescribeNetworkInterfaces, with its filters."""
    known = store.interfaces()
    wanted = request.get("NetworkInterfaceIds")
    for name in wanted or ():
        if name not in known:
            raise ApiError(
                "InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{name}' does not exist"
            )
    chosen = filters.select(
        [known[name] for name in wanted] if wanted else list(known.values()),
        request.get("Filters") or [],
        id_key="NetworkInterfaceId",
        known=FILTERS,
    )
    return {
        "NetworkInterfaces": [
            {**record, "TagSet": store.tag_list(record["NetworkInterfaceId"])} for record in chosen
        ]
    }
