"""DNS records: all of the cluster's own zone, or the cluster's in a zone that was there before."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kubequorum_cli.report.model import Name
from kubequorum_cli.resources import Resources, groups_in

if TYPE_CHECKING:
    from types_boto3_route53 import Route53Client

_OF_ZONES = ("NS", "SOA")


def names(resources: Resources) -> list[Name]:
    """The records of the stacks' own zones, or those in the public zone that the cluster file names."""
    route53 = resources.client("route53")
    if own := resources.inventory.get("AWS::Route53::HostedZone"):
        return [name for zone_id in own for name in _all(route53, zone_id)]
    return list(_in_public_zone(route53, resources.target.outputs("ControlPlane") or {}))


def _all(route53: "Route53Client", zone_id: str) -> Iterator[Name]:
    private = _is_private(route53.get_hosted_zone(Id=zone_id)["HostedZone"])
    for page in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id):
        for record in page["ResourceRecordSets"]:
            if record["Type"] not in _OF_ZONES:
                yield _name(record, private=private)


def _in_public_zone(route53: "Route53Client", outputs: dict[str, str]) -> Iterator[Name]:
    """Of others' records nothing is read: there may be thousands."""
    host = urlsplit(outputs.get("ApiEndpoint", "")).hostname
    if not host:
        return
    domain = host.partition(".")[2]
    wanted = [host, f"api-internal.{domain}", *(f"etcd-{slot}.{domain}" for slot in groups_in(outputs))]
    for zone in route53.list_hosted_zones_by_name(DNSName=domain)["HostedZones"]:
        if zone["Name"] != f"{domain}." or _is_private(zone):
            continue
        for name in wanted:
            records = route53.list_resource_record_sets(
                HostedZoneId=zone["Id"], StartRecordName=name, StartRecordType="A", MaxItems="1"
            )["ResourceRecordSets"]
            yield from (_name(record, private=False) for record in records if record["Name"] == f"{name}.")


def _is_private(zone: Any) -> bool:
    return bool(zone.get("Config", {}).get("PrivateZone", False))


def _name(record: Any, *, private: bool) -> Name:
    alias = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else []
    values = alias or [value["Value"] for value in record.get("ResourceRecords", [])]
    return Name(name=record["Name"], type=record["Type"], values=values, private=private)
