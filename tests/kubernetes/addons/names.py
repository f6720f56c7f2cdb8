"""Names in Route 53 that external-dns makes."""

from tests.deploy.deployment import Deployment

DOMAIN = "apps.local.kubequorum.internal"
"""Where external-dns may change names: a part of the cluster's own zone."""
ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
"""Of a Service: the names that it wants."""


def records_of(cluster: Deployment) -> dict[tuple[str, str], list[str]]:
    """Name and type of each record of the cluster's zone → its values; none of an alias."""
    zone = cluster.outputs("State")["ZoneId"]
    found = cluster.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {
        (each["Name"], each["Type"]): sorted(value["Value"] for value in each.get("ResourceRecords", []))
        for each in found
    }
