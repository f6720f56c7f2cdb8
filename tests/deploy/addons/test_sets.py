"""The stack Addons, deployed by the real CDK CLI: sets that masters signal, and external-dns's role."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kubequorum.config.names import BUILT_IN_ADDONS
from tests.deploy.addons import DOMAIN, ZONE
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

NAME, REGION = "local", "us-east-1"
"""Of clusters/local.yaml."""
_MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n"


def _waiting(deployment: Deployment) -> str:
    """Logical id of what waits for the set in force, by the parameter that masters read."""
    name = f"/kubequorum/{deployment.target.cluster}/addons"
    value = deployment.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    signal: str = json.loads(value)["signal"]
    return signal


def test_masters_signal_each_set(deployment: Deployment) -> None:
    """With their own roles: they read the parameter and the file, and find the resource that waits."""
    manifest = deployment.cdk.cluster_file.parent / "own.yaml"
    masters = deployment.masters()
    signals = [_waiting(deployment)]
    for name in ("settings", "others"):
        manifest.write_text(_MANIFEST.replace("settings", name), encoding="utf-8")
        deployment.change(addons={"manifests": [{"name": "own", "file": "own.yaml"}]})
        deployment.deploy()
        signals.append(_waiting(deployment))
    received = {
        event["LogicalResourceId"]
        for event in deployment.events("Addons")
        if "Received SUCCESS signal with UniqueId addons ready" in event.get("ResourceStatusReason", "")
    }
    assert received == set(signals)
    assert len(received) == 3
    assert deployment.masters() == masters


def test_external_dns_may_change_names_below_its_domain_and_not_the_clusters(deployment: Deployment) -> None:
    """By the role that the stack makes, in the zone that has the cluster's own names."""
    zone = deployment.outputs("State")["ZoneId"]
    route53 = deployment.client_with_rights_of(f"{NAME}-{REGION}-external-dns", "route53")
    assert zone in {each["Id"].rpartition("/")[2] for each in route53.list_hosted_zones()["HostedZones"]}

    def is_refused(*names: str, kind: str = "A", action: str = "UPSERT", zone_id: str = zone) -> bool:
        try:
            route53.change_resource_record_sets(
                HostedZoneId=zone_id,
                ChangeBatch={"Changes": [_change(name, kind, action) for name in names]},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return True
        return False

    before = _records(deployment, zone)
    for own in (f"api.{ZONE}", f"etcd-a.{ZONE}", f"{ZONE}"):
        for action in ("UPSERT", "DELETE", "CREATE"):
            assert is_refused(own, action=action), (own, action)
        assert is_refused(f"web.{DOMAIN}", own), "one of two names is the cluster's"
        assert is_refused(f"a-owner.{own}", kind="TXT")
    assert is_refused(f"web.{DOMAIN}", kind="MX")
    assert is_refused(f"x{DOMAIN}")
    other = deployment.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="other")
    other_id = other["HostedZone"]["Id"].rpartition("/")[2]
    assert is_refused(f"web.{DOMAIN}", zone_id=other_id)
    assert _records(deployment, zone) == before
    for name, kind in ((f"web.{DOMAIN}", "A"), (f"a-owner.web.{DOMAIN}", "TXT"), (DOMAIN, "A")):
        for action in ("UPSERT", "DELETE"):
            assert not is_refused(name, kind=kind, action=action), (name, kind, action)
    deployment.client("route53").delete_hosted_zone(Id=other_id)


def _change(name: str, kind: str, action: str) -> dict[str, Any]:
    value = {"A": "10.0.0.1", "TXT": '"x"', "MX": "1 a.example."}[kind]
    record = {"Name": name, "Type": kind, "TTL": 10, "ResourceRecords": [{"Value": value}]}
    return {"Action": action, "ResourceRecordSet": record}


def _records(deployment: Deployment, zone: str) -> list[dict[str, Any]]:
    found = deployment.client("route53").list_resource_record_sets(HostedZoneId=zone)
    return sorted(found["ResourceRecordSets"], key=lambda each: (each["Name"], each["Type"]))


def test_an_empty_set_is_waited_for_by_nobody(deployment: Deployment) -> None:
    """The parameter stays, and names a set without addons."""
    off: dict[str, object] = {name: {"enabled": False} for name in BUILT_IN_ADDONS.values()}
    deployment.change(addons={"manifests": [], **off})
    deployment.deploy()
    assert _waiting(deployment) == ""
