"""Network load balancers."""

import secrets
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_region

from emulator.api.ec2 import store as ec2_store
from emulator.api.load_balancing import network_listeners, store
from emulator.api.wire import ApiError, Request, Response

_HOSTED_ZONES = {
    "us-east-1": "Z26RNL4JYFTOTI",
    "us-east-2": "ZLMOA37VPKANP",
    "us-west-1": "Z24FKFUX50B4VW",
    "us-west-2": "Z18D5FSROUN65G",
    "eu-central-1": "Z3F0SRJ5LGBH90",
    "eu-west-1": "Z2IFOLAFXWLO4F",
}
"""AWS general reference, Elastic Load Balancing endpoints: the Route53 zone of network load balancers."""
_UNKNOWN_REGION_ZONE = "Z00000000000000000000"
_BALANCER_DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "deletion_protection.enabled": "false",
    "load_balancing.cross_zone.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
}


def create_load_balancer(request: Request) -> Response:
    """Create a network load balancer; it is active at once. Whoever asks again for the same one gets it.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html

    Raises:
        ApiError: its name is taken, or a subnet or security group does not fit.
    """
    name = request["Name"]
    subnet_ids = request.get("Subnets") or [item["SubnetId"] for item in request.get("SubnetMappings") or []]
    zones = _zones(subnet_ids)
    for group_id in request.get("SecurityGroups") or []:
        if group_id not in ec2_store.security_groups():
            raise ApiError("InvalidSecurityGroup", f"The security group '{group_id}' does not exist")
    settings = {
        "LoadBalancerName": name,
        "Scheme": request.get("Scheme", "internet-facing"),
        "VpcId": ec2_store.subnets()[subnet_ids[0]]["VpcId"],
        "Type": "network",
        "Subnets": list(zones),
        "SecurityGroups": request.get("SecurityGroups") or [],
        "IpAddressType": request.get("IpAddressType", "ipv4"),
    }
    for balancer in list(store.BALANCERS.get().values()):
        if balancer["LoadBalancerName"] == name:
            if settings.items() <= balancer.items():
                return {"LoadBalancers": [_balancer(balancer)]}
            raise ApiError("DuplicateLoadBalancerName", f"A load balancer with name '{name}' already exists.")
    balancer_id = secrets.token_hex(8)
    arn = store.arn(f"loadbalancer/net/{name}/{balancer_id}")
    store.BALANCERS.get()[arn] = {
        **settings,
        "LoadBalancerArn": arn,
        "DNSName": f"{name}-{balancer_id}.elb.{get_region()}.amazonaws.com",
        "State": "active",
        "CreatedTime": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    store.TAGS.get()[arn] = request.get("Tags") or []
    store.BALANCER_ATTRIBUTES.get()[arn] = store.attributes(_BALANCER_DEFAULTS)
    return {"LoadBalancers": [_balancer(store.BALANCERS.get()[arn])]}


def _zones(subnet_ids: list[str]) -> dict[str, str]:
    """The zone of each subnet.

    Raises:
        ApiError: there are none, one does not exist, or two are in one zone.
    """
    if not subnet_ids:
        raise ApiError("ValidationError", "At least one subnet must be specified")
    zones: dict[str, str] = {}
    for subnet_id in subnet_ids:
        subnet = ec2_store.subnets().get(subnet_id)
        if subnet is None:
            raise ApiError("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")
        if subnet["AvailabilityZone"] in zones.values():
            raise ApiError(
                "InvalidConfigurationRequest",
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            )
        zones[subnet_id] = subnet["AvailabilityZone"]
    return zones


def describe_load_balancers(request: Request) -> Response:
    """Describe load balancers of every type.

    Raises:
        ApiError: one that was named does not exist.
    """
    found = store.chosen(
        list(store.BALANCERS.get().values()),
        arns=request.get("LoadBalancerArns"),
        names=request.get("Names"),
        key="LoadBalancer",
    )
    return {"LoadBalancers": [_balancer(balancer) for balancer in found]}


def _balancer(record: dict[str, Any]) -> dict[str, Any]:
    network = record["Type"] == "network"
    hosted_zone = _HOSTED_ZONES.get(get_region(), _UNKNOWN_REGION_ZONE) if network else "Z35SXDOTRQ7X7K"
    subnets = {subnet_id: ec2_store.subnets().get(subnet_id) for subnet_id in record.get("Subnets") or []}
    return {
        **record,
        "CanonicalHostedZoneId": hosted_zone,
        "State": {"Code": record["State"]},
        "AvailabilityZones": [
            {"ZoneName": subnet["AvailabilityZone"], "SubnetId": subnet_id, "LoadBalancerAddresses": []}
            for subnet_id, subnet in subnets.items()
            if subnet is not None
        ],
    }


def delete_load_balancer(request: Request) -> Response:
    """Delete a network load balancer with its listeners; one that is gone is no error.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html

    Raises:
        ApiError: it is protected.
    """
    arn = request["LoadBalancerArn"]
    for attribute in store.BALANCER_ATTRIBUTES.get().get(arn) or ():
        if (attribute["Key"], attribute["Value"]) == ("deletion_protection.enabled", "true"):
            raise ApiError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
    # First, so that nothing asks for the targets of a listener whose balancer is gone.
    store.BALANCERS.get().pop(arn, None)
    network_listeners.delete_all_of(arn)
    store.BALANCER_ATTRIBUTES.get().pop(arn, None)
    store.TAGS.get().pop(arn, None)
    return {}
