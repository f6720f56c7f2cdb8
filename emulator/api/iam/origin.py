"""Where a request came from: condition keys of an instance and of its VPC's endpoints."""

from typing import Any

from emulator.api import patches, sessions
from emulator.api.ec2 import store

_ENDPOINTS = patches.declare(
    "ministack.services.ec2", "_vpc_endpoints", why="a request through an endpoint carries aws:SourceVpce"
)
_ROUTE_TABLES = patches.declare(
    "ministack.services.ec2", "_route_tables", why="a gateway endpoint serves the subnets of its route tables"
)


def keys(access_key_id: str, *, service: str, region: str) -> dict[str, Any]:
    """ec2:SourceInstanceARN, aws:SourceVpc and aws:SourceVpce; empty for a caller that is no instance.

    A VPC with an endpoint for the service sends its requests through it, as
    private DNS or the route table would.
    """
    arn = sessions.source_instance_arn(access_key_id)
    instance = store.instances().get(arn.rpartition("/")[2]) if arn else None
    if arn is None or instance is None:
        return {}
    found: dict[str, Any] = {
        "ec2:SourceInstanceARN": arn,
        "aws:Ec2InstanceSourceVpc": instance.get("VpcId"),
        "aws:Ec2InstanceSourcePrivateIPv4": instance.get("PrivateIpAddress"),
    }
    endpoint_id = _endpoint(instance, service=service, region=region)
    if endpoint_id is not None:
        found |= {
            "aws:SourceVpce": endpoint_id,
            "aws:SourceVpc": instance.get("VpcId"),
            "aws:VpcSourceIp": instance.get("PrivateIpAddress"),
        }
    return found


def _endpoint(instance: dict[str, Any], *, service: str, region: str) -> str | None:
    name = f"com.amazonaws.{region}.{service}"
    tables = _route_tables_of(str(instance.get("SubnetId")), str(instance.get("VpcId")))
    for endpoint in list(_ENDPOINTS.get().values()):
        if endpoint["ServiceName"] != name or endpoint["VpcId"] != instance.get("VpcId"):
            continue
        if endpoint["VpcEndpointType"] == "Gateway" and not tables & set(endpoint["RouteTableIds"]):
            continue
        if endpoint["VpcEndpointType"] == "Interface" and not endpoint["PrivateDnsEnabled"]:
            continue
        return str(endpoint["VpcEndpointId"])
    return None


def _route_tables_of(subnet_id: str, vpc_id: str) -> set[str]:
    """The route table of a subnet: its own, or else the VPC's main one."""
    main = set()
    for table in list(_ROUTE_TABLES.get().values()):
        for association in table["Associations"]:
            if association.get("SubnetId") == subnet_id:
                return {table["RouteTableId"]}
            if association.get("Main") and table["VpcId"] == vpc_id:
                main.add(table["RouteTableId"])
    return main
