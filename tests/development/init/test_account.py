"""`init`: what it looks up in the account, and what it says where nobody knows."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from development.commands import init as command
from development.init import defaults
from development.init.account import Account
from development.init.answers import Answers, Size
from emulator.tests.api.emulator import REGION, running_emulator
from kubequorum.config import load_cluster
from tests.development.init.recorded_account import ZONES, RecordedSession, everything
from tests.development.init.running import Run


def test_what_aws_knows_is_in_the_file(run: Run) -> None:
    """Account, zones, image; and nothing is left to change, or to say."""
    cluster, text, noted = run(name="mine", region="eu-central-1")
    assert cluster.name == "mine"
    assert cluster.account == "444455556666"
    assert cluster.zones == ZONES
    assert cluster.image.amd64 == "ami-0aaaaaaaaaaaaaaaa"
    assert cluster.masters.instance_type == "m7i.large"
    assert str(cluster.network.vpc_cidr) == "10.20.0.0/16"
    assert cluster.api.exposure == "internal"
    assert cluster.dns.zone_name == "mine.kubequorum.internal"
    assert cluster.dns.hosted_zone_id is None
    assert "CHANGE THIS" not in text
    assert noted == ""


def test_a_small_one(run: Run, session: RecordedSession) -> None:
    """One zone, arm64 and its image, a spot worker."""
    session.answers["GetParameter"] = lambda request: (
        {"Parameter": {"Value": "ami-0bbbbbbbbbbbbbbbb"}} if b"arm64" in request["body"] else "NotFound"
    )
    cluster, _, _ = run(size="dev")
    assert cluster.zones == ZONES[:1]
    assert cluster.image.arm64 == "ami-0bbbbbbbbbbbbbbbb"
    assert cluster.masters.instance_type == "t4g.medium"
    assert cluster.worker_groups[0].spot_percent == 100
    assert cluster.network.nat == "single"


def test_types_are_those_that_all_zones_offer(run: Run, session: RecordedSession) -> None:
    """A zone without the best type is passed over if there are others, or the next type is taken."""
    offers = [
        offer
        for offer in everything()["DescribeInstanceTypeOfferings"]["InstanceTypeOfferings"]
        if not (offer["InstanceType"] == "m7i.large" and offer["Location"] == ZONES[0])
    ]
    session.answers["DescribeInstanceTypeOfferings"] = {"InstanceTypeOfferings": offers}
    cluster, _, _ = run()
    assert cluster.zones == ZONES
    assert cluster.masters.instance_type == "m6i.large"
    assert cluster.worker_groups[0].instance_types == ("m7i.xlarge",)
    four = [{"ZoneName": zone} for zone in (*ZONES, "eu-central-1d")]
    session.answers["DescribeAvailabilityZones"] = {"AvailabilityZones": four}
    offers += [{"InstanceType": "m7i.large", "Location": "eu-central-1d"}]
    found = defaults.zones(Account("eu-central-1", session), "eu-central-1", Answers(size=Size.HA).plan)
    assert found == (*ZONES[1:], "eu-central-1d")


def test_ranges_and_zones_that_exist_count(run: Run, session: RecordedSession) -> None:
    """The VPC's range is free; a public zone of the name is used."""
    taken = [{"CidrBlock": "10.20.0.0/15"}, {"CidrBlockAssociationSet": [{"CidrBlock": "10.22.4.0/24"}]}]
    session.answers["DescribeVpcs"] = {"Vpcs": taken}
    private = {"Id": "/hostedzone/ZPRIVATE", "Name": "k8s.example.com.", "Config": {"PrivateZone": True}}
    public = {
        "Id": "/hostedzone/Z0123456789ABC",
        "Name": "k8s.example.com.",
        "Config": {"PrivateZone": False},
    }
    session.answers["ListHostedZonesByName"] = {"HostedZones": [private, public]}
    cluster, text, _ = run(zone_name="k8s.example.com", exposure="public", allowed_cidrs="198.51.100.0/24")
    assert str(cluster.network.vpc_cidr) == "10.23.0.0/16"
    assert cluster.dns.hosted_zone_id == "Z0123456789ABC"
    assert "An existing public zone" in text
    assert [str(cidr) for cidr in cluster.api.allowed_cidrs] == ["198.51.100.0/24"]


def test_quotas_that_do_not_suffice_are_named(run: Run, tmp_path: Path, session: RecordedSession) -> None:
    """With what is needed, and what is used; one without a value of the account's has AWS's default."""
    own = {b"L-1216C47A": 32.0, b"L-34B43A08": 5.0}
    session.answers["GetServiceQuota"] = lambda request: next(
        ({"Quota": {"Value": value}} for code, value in own.items() if code in request["body"]),
        "NoSuchResourceException",
    )
    session.answers["GetAWSDefaultServiceQuota"] = {"Quota": {"Value": 5.0}}
    session.answers["DescribeAddresses"] = {"Addresses": [{}, {}, {}]}
    session.answers["DescribeVpcs"] = {"Vpcs": [{"CidrBlock": "172.31.0.0/16"}] * 5}
    _, _, noted = run()
    assert "Quota: 46 vCPUs on demand when all workers run, and the quota is 32" in noted
    assert "Quota: 3 Elastic IPs for NAT gateways, beside 3 that are in use, and the quota is 5" in noted
    assert "Quota: 1 VPC beside 5, and the quota is 5" in noted
    sizes = {"t4g.medium": 2, "t4g.large": 2}
    session.answers["DescribeInstanceTypes"] = {
        "InstanceTypes": [
            {"InstanceType": type_, "VCpuInfo": {"DefaultVCpus": count}} for type_, count in sizes.items()
        ]
    }
    (tmp_path / "cluster.yaml").unlink()
    _, _, noted = run(size="dev")
    assert "on demand" not in noted
    assert "Quota: 6 vCPUs of spot instances when all workers run, and the quota is 5" in noted


def test_a_vpc_with_several_ranges_is_one_vpc(run: Run, session: RecordedSession) -> None:
    """It counts once for the quota, and each of its ranges is taken."""
    ranges = ("172.31.0.0/16", "10.20.0.0/16", "10.21.0.0/16", "100.64.0.0/16", "100.65.0.0/16")
    vpc = {"CidrBlock": ranges[0], "CidrBlockAssociationSet": [{"CidrBlock": each} for each in ranges]}
    session.answers["DescribeVpcs"] = {"Vpcs": [vpc]}
    session.answers["GetServiceQuota"] = lambda request: (
        {"Quota": {"Value": 5.0 if b"L-F678F1CE" in request["body"] else 100.0}}
    )
    cluster, _, noted = run()
    assert "Quota: " not in noted
    assert str(cluster.network.vpc_cidr) == "10.22.0.0/16"


@pytest.mark.parametrize("answer", ["AccessDenied", {}])
def test_an_account_that_says_nothing(run: Run, session: RecordedSession, answer: Any) -> None:
    """Defaults do, each is named, and what must be changed is marked in the file, too."""
    session.answers = dict.fromkeys(everything(), answer)
    cluster, text, noted = run(region="eu-west-1")
    assert cluster.zones == ("eu-west-1a", "eu-west-1b", "eu-west-1c")
    assert 'account: "111122223333"  # CHANGE THIS' in text
    assert "amd64: ami-0123456789abcdef0  # CHANGE THIS" in text
    for what in ("the account", "availability zones", "Debian's image for amd64", "the quota of VPCs"):
        assert what in noted
    assert "AWS did not say, so this is a guess: " in noted
    assert "Change before you deploy: account" in noted
    assert "Change before you deploy: image" in noted


def test_the_emulated_aws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has zones, VPCs and an account; images, offers and quotas it refuses."""
    with running_emulator(tmp_path) as emulator:

        class Session:
            def client(self, service: str, **arguments: Any) -> Any:
                return boto3.client(  # type: ignore[call-overload]
                    service,
                    region_name=REGION,
                    endpoint_url=emulator.url,
                    aws_access_key_id="000000000000",
                    aws_secret_access_key="test",
                    **arguments,
                )

        path = tmp_path / "mine.yaml"
        command.init(
            {"region": REGION},
            output=path,
            force=False,
            yes=True,
            find_account=lambda region: Account(region, Session()),
        )
    cluster = load_cluster(path)
    assert cluster.account == "000000000000"
    assert cluster.zones == (f"{REGION}a", f"{REGION}b", f"{REGION}c")
    noted = capsys.readouterr().err
    assert "Debian's image for amd64" in noted
    assert "which zones offer which instance types" in noted
