"""What the API knows of a VPC's network, read from the services' own records: `NetworkFacts`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ministack.core.responses import request_scope

from emulator.api import patches, route53
from emulator.api.ec2 import addresses
from emulator.api.ec2 import store as ec2_store
from emulator.api.load_balancing import service as load_balancing_service
from emulator.api.load_balancing import store as load_balancing_store
from emulator.api.load_balancing.health import Key
from emulator.interfaces.network_facts import (
    Listener,
    LoadBalancer,
    PrivateZone,
    RecordSet,
    Target,
    TargetGroup,
    Vpc,
    ZonalAddress,
)

_WHY = "machines have name servers of their own, which answer what the API says"
_ZONES = patches.declare("ministack.services.route53", "_zones", why=_WHY)

_CROSS_ZONE = "load_balancing.cross_zone.enabled"
_OWNER = "_LoadBalancerArn"
"""Key of ours in the interfaces that balancers have in their subnets."""


class NetworkView:
    """`NetworkFacts` of emulator.interfaces.network_facts."""

    def exists(self, vpc: Vpc) -> bool:
        """Whether EC2 has the VPC."""
        with request_scope(vpc.account_id, vpc.region):
            return vpc.vpc_id in ec2_store.vpcs()

    def private_zones(self, vpc: Vpc) -> Sequence[PrivateZone]:
        """The zones that are associated with the VPC."""
        with request_scope(vpc.account_id, vpc.region):
            return [
                PrivateZone(
                    name=zone["name"].lower(),
                    records=tuple(_record_set(record) for record in route53.records_in_effect(zone["id"])),
                )
                for zone in list(_ZONES.get().values())
                if any(
                    (other["VPCRegion"], other["VPCId"]) == (vpc.region, vpc.vpc_id)
                    for other in zone.get("vpcs") or ()
                )
            ]

    def load_balancers(self, vpc: Vpc) -> Sequence[LoadBalancer]:
        """The balancers with subnets of the VPC; interfaces of those that are gone are removed."""
        with request_scope(vpc.account_id, vpc.region):
            table: Mapping[str, Mapping[str, Any]] = dict(load_balancing_store.BALANCERS.get().items())
            _drop_interfaces(table)
            return [
                _load_balancer(arn, record)
                for arn, record in table.items()
                if record["Type"] == "network"
                and any(
                    (ec2_store.subnets().get(subnet) or {}).get("VpcId") == vpc.vpc_id
                    for subnet in record["Subnets"]
                )
            ]


def _record_set(record: Mapping[str, Any]) -> RecordSet:
    alias = record.get("AliasTarget")
    return RecordSet(
        # The API shows a wildcard as \052.
        name=record["Name"].lower().replace("\\052", "*"),
        type=record["Type"],
        ttl_seconds=int(record.get("TTL") or 0),
        values=tuple(record.get("ResourceRecords") or ()),
        alias_target=alias["DNSName"].lower() if alias else None,
    )


def _load_balancer(arn: str, record: Mapping[str, Any]) -> LoadBalancer:
    attributes = _attributes(load_balancing_store.BALANCER_ATTRIBUTES, arn)
    listening = [
        entry
        for entry in list(load_balancing_store.LISTENERS.get().values())
        if entry["LoadBalancerArn"] == arn
    ]
    return LoadBalancer(
        arn=arn,
        dns_name=record["DNSName"].lower(),
        cross_zone=attributes.get(_CROSS_ZONE) == "true",
        addresses=tuple(_zonal_address(arn, record, subnet) for subnet in record["Subnets"]),
        listeners=tuple(
            Listener(port=int(entry["Port"]), target_group=_target_group(group_arn))
            for entry in listening
            if (group_arn := _forwards_to(entry)) is not None
            and load_balancing_store.target_group_exists(group_arn)
        ),
    )


def _target_group(arn: str) -> TargetGroup:
    group, attributes = (
        load_balancing_store.target_group(arn),
        _attributes(load_balancing_store.GROUP_ATTRIBUTES, arn),
    )
    # Defaults of a TCP target group: of instances the address is kept, of addresses it is not.
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
    preserve = attributes.get("preserve_client_ip.enabled", str(group["TargetType"] == "instance").lower())
    terminate = attributes.get("target_health_state.unhealthy.connection_termination.enabled", "true")
    health = load_balancing_service.current().health
    keys = [Key(arn, entry["Id"], int(entry["Port"])) for entry in list(load_balancing_store.targets(arn))]
    keys += [key for key in health.draining(arn) if key not in keys]
    return TargetGroup(
        arn=arn,
        preserve_client_ip=preserve == "true",
        terminate_unhealthy=terminate == "true",
        targets=tuple(
            Target(address=place[0], zone=place[1], port=key.port, state=health.routed_state(key))
            for key in keys
            if (place := _place(key.target_id)) is not None
        ),
    )


def _place(target_id: str) -> tuple[str, str] | None:
    """Address and zone of a target; None of an instance that is gone."""
    if not target_id.startswith("i-"):
        return target_id, ""
    record = ec2_store.instances().get(target_id) or {}
    address = record.get("PrivateIpAddress")
    return (address, record["Placement"]["AvailabilityZone"]) if address else None


def _zonal_address(arn: str, record: Mapping[str, Any], subnet_id: str) -> ZonalAddress:
    """The balancer's address in a subnet, taken from the subnet the first time."""
    subnet = ec2_store.subnets()[subnet_id]
    with ec2_store.LOCK:
        mine = [
            entry
            for entry in ec2_store.interfaces().values()
            if entry.get(_OWNER) == arn and entry["SubnetId"] == subnet_id
        ]
        address = mine[0]["PrivateIpAddress"] if mine else _new_interface(arn, record, subnet)
    return ZonalAddress(
        zone=subnet["AvailabilityZone"], subnet_cidr=subnet["CidrBlock"], address=str(address)
    )


def _new_interface(arn: str, record: Mapping[str, Any], subnet: Mapping[str, Any]) -> str:
    interface_id = ec2_store.new_id("eni")
    address = addresses.choose(subnet["SubnetId"], None)
    ec2_store.interfaces()[interface_id] = {
        "NetworkInterfaceId": interface_id,
        "SubnetId": subnet["SubnetId"],
        "VpcId": subnet["VpcId"],
        "AvailabilityZone": subnet["AvailabilityZone"],
        # AWS's wording, which shows whose they are.
        "Description": f"ELB {arn.partition(':loadbalancer/')[2]}",
        "OwnerId": "amazon-elb",
        "Status": "in-use",
        "PrivateIpAddress": address,
        "PrivateDnsName": addresses.private_dns_name(address),
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "InterfaceType": "network_load_balancer",
        "SourceDestCheck": False,
        "MacAddress": addresses.mac_address(interface_id),
        "Groups": [{"GroupId": group, "GroupName": ""} for group in record.get("SecurityGroups") or ()],
        "TagSet": [],
        _OWNER: arn,
    }
    return address


def _drop_interfaces(balancers: Mapping[str, object]) -> None:
    with ec2_store.LOCK:
        table = ec2_store.interfaces()
        for interface_id, entry in list(table.items()):
            if _OWNER in entry and entry[_OWNER] not in balancers:
                table.pop(interface_id)


def _forwards_to(listener: Mapping[str, Any]) -> str | None:
    for action in listener.get("DefaultActions") or ():
        if action.get("TargetGroupArn"):
            return str(action["TargetGroupArn"])
    return None


def _attributes(table: patches.PrivateSymbol, arn: str) -> dict[str, str]:
    return {entry["Key"]: str(entry["Value"]) for entry in table.get().get(arn) or ()}
