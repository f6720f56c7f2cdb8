"""A cluster whose names are in a public zone that was there before, with records of others."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest

from emulator.tests.api.emulator import REGION, Emulator, Stack, running_emulator
from kubequorum_cli.report import names
from kubequorum_cli.resources import Resources
from tests.kubequorum_cli.test_neighbours import _target

_DOMAIN = "k8s.example.com"
_TEMPLATE = f"""
Resources:
  Queue: {{Type: AWS::SQS::Queue}}
Outputs:
  ApiEndpoint: {{Value: "https://api.{_DOMAIN}:6443"}}
  MasterAGroupName: {{Value: group-a}}
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The cluster `mine`, whose zone is in no stack of it; a private one has the same name."""
    with running_emulator(tmp_path_factory.mktemp("names")) as started:
        Stack(started, "mine-ControlPlane").create(_TEMPLATE)
        route53 = started.client("route53")
        vpc = started.client("ec2").create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
        private = {"VPC": {"VPCRegion": REGION, "VPCId": vpc}, "HostedZoneConfig": {"PrivateZone": True}}
        zones = {_DOMAIN: {}, f"{_DOMAIN}.": private, "www.example.com": {}}
        for number, (domain, options) in enumerate(zones.items()):
            made = route53.create_hosted_zone(Name=domain, CallerReference=str(number), **options)
            zone, begin = made["HostedZone"]["Id"], 10 * number + 1
            changes = [
                {
                    "Action": "CREATE",
                    "ResourceRecordSet": {
                        "Name": f"{name}.{domain.rstrip('.')}.",
                        "Type": "A",
                        "TTL": 5,
                        "ResourceRecords": [{"Value": f"10.0.0.{address}"}],
                    },
                }
                for address, name in enumerate(("api", "etcd-a", "shop"), begin)
            ]
            route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
        yield started


def test_only_names_of_the_cluster_are_read(emulator: Emulator) -> None:
    """Of its zone, and of no other; those that are missing are not made up."""
    found = names(Resources(_target(emulator, "mine")))
    assert [asdict(name) for name in found] == [
        {"name": f"api.{_DOMAIN}.", "type": "A", "values": ["10.0.0.1"], "private": False},
        {"name": f"etcd-a.{_DOMAIN}.", "type": "A", "values": ["10.0.0.2"], "private": False},
    ]


def test_without_a_control_plane_there_are_none(emulator: Emulator) -> None:
    """Nobody knows its zone then."""
    assert names(Resources(_target(emulator, "nowhere"))) == []
