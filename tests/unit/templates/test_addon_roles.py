"""Roles of addons: one service account has each, and it allows what the addon's file says."""

import json
from typing import Any

from kubequorum.addons import addon_roles, addon_set, role_name
from kubequorum.config import Cluster
from kubequorum.config.names import BUILT_IN_ADDONS
from kubequorum_node.kubernetes import service_account_roles
from tests.synthesis import Template, load_variant, synthesise, synthesise_cluster

_CHANGE = "route53:ChangeResourceRecordSets"


def _resources(kind: str) -> list[Template]:
    resources = synthesise("external-dns").templates["Addons"]["Resources"].values()
    return [resource for resource in resources if resource["Type"] == kind]


def test_the_objects_name_the_role_that_the_stack_makes() -> None:
    """Name, trust and annotation belong together, in the words that the admission policy reads."""
    cluster = load_variant("external-dns")
    (role,) = _resources("AWS::IAM::Role")
    name = role["Properties"]["RoleName"]
    (addon,) = (each for each in addon_set(cluster).addons if each.name == "external-dns")
    (account,) = (each for each in addon.objects if each["kind"] == "ServiceAccount")
    assert account["metadata"]["annotations"] == {
        service_account_roles.ROLE_ANNOTATION: f"arn:aws:iam::{cluster.account}:role/{name}"
    }
    trust, _ = role["Properties"]["AssumeRolePolicyDocument"]["Fn::Sub"]
    (statement,) = json.loads(trust)["Statement"]
    subject = f"system:serviceaccount:{account['metadata']['namespace']}:{account['metadata']['name']}"
    assert statement["Condition"]["StringEquals"]["${Issuer}:sub"] == subject


def test_the_longest_name_of_a_role_is_valid() -> None:
    """IAM allows 64 characters; a cluster's name has at most 28, for the sake of its load balancer."""
    cluster = load_variant("external-dns")
    longest = cluster.model_copy(update={"name": "x" * 28, "region": "ap-southeast-1"})
    for name in BUILT_IN_ADDONS:
        assert len(role_name(longest, name)) <= 64


def test_external_dns_may_change_names_below_its_domain_alone() -> None:
    """Of the types that it writes, in one zone; it may read that zone and list the others."""
    (policy,) = _resources("AWS::IAM::Policy")
    statements: dict[str, Any] = {
        statement["Sid"]: statement for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    }
    assert set(statements) == {"NamesBelowDomain", "ReadNames", "FindZones"}
    conditions = statements["NamesBelowDomain"]["Condition"]
    assert conditions["ForAllValues:StringLike"] == {
        f"{_CHANGE}NormalizedRecordNames": ["apps.example.com", "*.apps.example.com"]
    }
    assert conditions["Null"] == {f"{_CHANGE}NormalizedRecordNames": "false"}
    for sid in ("NamesBelowDomain", "ReadNames"):
        assert "hostedzone/Z0123456789ABCDEFGHIJ" in json.dumps(statements[sid]["Resource"])
    assert statements["FindZones"]["Action"] == "route53:ListHostedZones"


def test_a_cluster_without_such_addons_has_no_role_in_the_stack() -> None:
    """By default there is none: a role is a way into the account."""
    assert not addon_roles(load_variant("ha"), own_zone_id="Z0123456789ABCDEFGHIJ")


def test_without_a_zone_it_is_the_clusters_own() -> None:
    """By the State stack's export; the program finds it by its kind, because its id is not known yet."""
    cluster = load_variant("external-dns")
    own = cluster.addons.external_dns.model_copy(
        update={"zone_id": None, "domain": f"apps.{cluster.dns.zone_name}"}
    )
    cluster = cluster.model_copy(update={"addons": cluster.addons.model_copy(update={"external_dns": own})})
    template = synthesise_cluster(cluster).templates["Addons"]
    (policy,) = (r for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Policy")
    assert {"Fn::ImportValue": "ha-State:ZoneId"} in [
        part
        for statement in policy["Properties"]["PolicyDocument"]["Statement"][:2]
        for part in statement["Resource"]["Fn::Join"][1]
    ]
    assert "--aws-zone-type=private" in _arguments(cluster)
    assert "--zone-id-filter=Z0123456789ABCDEFGHIJ" in _arguments(load_variant("external-dns"))


def _arguments(cluster: Cluster) -> list[str]:
    (addon,) = (each for each in addon_set(cluster).addons if each.name == "external-dns")
    (deployment,) = (each for each in addon.objects if each["kind"] == "Deployment")
    arguments: list[str] = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return arguments


def test_the_role_is_there_before_masters_read_the_set() -> None:
    """Pods that find no role wait for the SDK's next attempt."""
    (parameter,) = _resources("AWS::SSM::Parameter")
    resources = synthesise("external-dns").templates["Addons"]["Resources"]
    roles = {name for name, r in resources.items() if r["Type"] in ("AWS::IAM::Role", "AWS::IAM::Policy")}
    assert len(roles) == 2
    assert roles <= set(parameter["DependsOn"])
