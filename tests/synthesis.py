"""Synthesises the clusters of this repository, once for all tests of templates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import App

from kubequorum.config import Cluster, load_cluster
from kubequorum.config.names import STACK_NAMES, stack_name
from kubequorum.node_program import Bundle
from stacks import add_cluster

REPOSITORY = Path(__file__).resolve().parents[1]
CLUSTERS = ("local", "dev", "ha")

Template = dict[str, Any]


@dataclass(frozen=True)
class Synthesised:
    """The templates of a cluster by stack: Network, State, ControlPlane, Workers, ServiceAccounts."""

    cluster: Cluster
    templates: Mapping[str, Template]

    def resources(self, resource_type: str) -> dict[str, Template]:
        """All resources of a type, by logical id, whichever stack they are in."""
        return {
            logical_id: resource
            for template in self.templates.values()
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == resource_type
        }


@cache
def synthesise(name: str) -> Synthesised:
    """Synthesise clusters/<name>.yaml, or one of VARIANTS, with the settings of cdk.json."""
    return synthesise_cluster(load_variant(name))


VARIANTS: dict[str, tuple[str, dict[str, dict[str, object]]]] = {
    "without-nat": (
        "local",
        {
            "network": {"nat": "none"},
            "registries": {"ecr": []},
            "artifacts": {"mirror": "s3://my-mirror/kubernetes"},
            "kubernetes": {"image_repository": "registry.example.com:5000/kubernetes"},
        },
    ),
    "single-nat": ("local", {"network": {"nat": "single"}}),
    "public-zone": (
        "ha",
        {"dns": {"zone_name": "k8s.example.com", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}},
    ),
    "private-registries": (
        "ha",
        {
            "registries": {
                "ecr": [
                    {"repositories": ["shop/*", "base"]},
                    {"account": "444455556666", "region": "us-east-1", "repositories": ["platform/*"]},
                ]
            }
        },
    ),
    "private-registries-without-nat": (
        "local",
        {
            "network": {"nat": "none"},
            "artifacts": {"mirror": "s3://my-mirror/kubernetes"},
            "kubernetes": {"image_repository": "registry.example.com:5000/kubernetes"},
        },
    ),
    "without-issuer": ("local", {"service_accounts": {"issuer": "none"}}),
    "service-account-roles": (
        "ha",
        {
            "service_accounts": {
                "roles": [
                    {
                        "namespace": "shop",
                        "name": "orders",
                        "statements": [
                            {
                                "actions": ["s3:GetObject", "s3:PutObject"],
                                "resources": ["arn:aws:s3:::my-orders/*"],
                                "conditions": {"StringEquals": {"s3:ExistingObjectTag/team": "shop"}},
                            }
                        ],
                    },
                    {
                        "namespace": "shop",
                        "name": "queue.reader",
                        "managed_policies": ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"],
                    },
                ]
            }
        },
    ),
    "copied-backups": (
        "local",
        {
            "backups": {
                "replica_bucket": "copies-of-local",
                "replica_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef",
            }
        },
    ),
    "external-dns": (
        "ha",
        {
            "addons": {
                "external_dns": {
                    "enabled": True,
                    "zone_id": "Z0123456789ABCDEFGHIJ",
                    "domain": "apps.example.com",
                }
            }
        },
    ),
    "calico": ("ha", {"network": {"plugin": "calico"}}),
    "calico-local": ("local", {"network": {"plugin": "calico", "calico": {"version": "3.28.5"}}}),
    "load-balancers": ("ha", {"addons": {"cloud_controller_manager": {"enabled": True}}}),
    "autoscaled": ("ha", {"addons": {"cluster_autoscaler": {"enabled": True}}}),
    "volumes": ("ha", {"addons": {"ebs_csi": {"enabled": True}}}),
    "dashboard": ("ha", {"addons": {"headlamp": {"enabled": True}}}),
    "ssh": (
        "ha",
        {
            "access": {
                "ssh_keys": [
                    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIXkfI7ETvLoj9wBe52UQKNEH0BFE1kqqPToHQdR4C2 alice",
                    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG//cLfgt9QLTIp3itqu5yjAsUKgQTxujpQzWDbDGU8h bob",
                ],
                "instance_connect_endpoint": True,
            }
        },
    ),
    "mirror-on-s3": ("local", {"artifacts": {"mirror": "s3://my-mirror/kubernetes"}}),
    "mirror-on-the-web": ("local", {"artifacts": {"mirror": "http://mirror.example.com:8080"}}),
}
"""Clusters without a file: a cluster with one, and what differs in its sections."""


@cache
def load_variant(name: str) -> Cluster:
    """A cluster of this repository, or one of VARIANTS."""
    base, changes = VARIANTS.get(name, (name, {}))
    document = load_cluster(REPOSITORY / "clusters" / f"{base}.yaml").model_dump(mode="json")
    for section, values in changes.items():
        document[section].update(values)
    return Cluster.model_validate(document)


def stacks_of(*names: str) -> list[tuple[str, str]]:
    """Each cluster with each of its stacks; those that follow from keys which a file leaves out are none."""
    found = []
    for name in names:
        cluster = load_variant(name)
        absent = {"ServiceAccounts"} if not cluster.service_accounts.roles else set()
        found += [(name, stack) for stack in STACK_NAMES if stack not in absent]
    return found


def user_data(template: Template) -> str:
    """The user-data of a launch template, with names as AWS makes them for values of a deployment."""
    return _flat(template["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"])


_IMPORTED = {
    "EtcdVolume": "vol-0123456789abcdef0",
    ":ZoneId": "Z0123456789ABCDEFGHIJ",
    ":IssuerDomain": "d111111abcdef8.cloudfront.net",
}
"""Part of an export's name, and a value as AWS makes it."""


def _flat(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(_flat(part) for part in parts)
        case {"Fn::ImportValue": str(name)}:
            return next(value for part, value in _IMPORTED.items() if part in name)
        case {"Fn::Select": [_, {"Fn::Split": [_, {"Fn::ImportValue": str(name)}]}]}:
            bucket = "statebucketad2a61f0" if "StateBucket" in name else "issuerbucket"
            return f"{name.split(':')[0].lower()}-{bucket}-abcdefghijkl"
        case {"Fn::GetAtt": [str(balancer), "DNSName"]}:
            public = "-public" if balancer.startswith("ApiPublic") else ""
            return f"name-api{public}-0123456789abcdef.elb.eu-central-1.amazonaws.com"
        case _:
            raise AssertionError(f"user-data has a value that this function does not know: {value}")


def synthesise_cluster(cluster: Cluster) -> Synthesised:
    """Synthesise a cluster with a constant node program, so that templates do not depend on it."""
    context = json.loads((REPOSITORY / "cdk.json").read_text(encoding="utf-8"))["context"]
    prefix = stack_name(cluster.name, "")
    with TemporaryDirectory(prefix="kubequorum-synth-") as folder:
        program = Path(folder) / "node-program.zip"
        program.write_bytes(b"the same in every test")
        app = App(analytics_reporting=False, context=context, outdir=str(Path(folder) / "out"))
        stacks = add_cluster(app, cluster, lambda _: Bundle(program, "0" * 64))
        assembly = app.synth()
        templates = {
            stack.stack_name.removeprefix(prefix): assembly.get_stack_by_name(stack.stack_name).template
            for stack in stacks
        }
    return Synthesised(cluster, templates)
