"""Mistakes in address ranges, names and the API's exposure."""

from pathlib import Path

import pytest

from kubequorum.config import Cluster, warnings_of
from kubequorum.firewall import download_ports
from tests.unit.config.cluster_files import KeyPath, Mistake, accepted, assert_reported, changed, errors

MISTAKES: list[Mistake] = [
    (
        "upper-case domain",
        ("dns", "zone_name"),
        "K8s.Example.com",
        ("dns.zone_name = K8s.Example.com", "lower case"),
    ),
    ("zone over AWS", ("dns", "zone_name"), "amazonaws.com", ("hides amazonaws.com from every instance",)),
    ("zone over the registry", ("dns", "zone_name"), "k8s.io", ("hides registry.k8s.io", "mine.k8s.io")),
    ("zone over the packages", ("dns", "zone_name"), "debian.org", ("hides debian.org", "mine.debian.org")),
    (
        "zone over instances",
        ("dns", "zone_name"),
        "eu-central-1.compute.internal",
        ("hides eu-central-1.compute",),
    ),
    ("zone inside the cluster's domain", ("dns", "zone_name"), "x.cluster.local", ("CoreDNS answers",)),
    (
        "pod range much larger than a node's",
        ("network",),
        {
            "vpc_cidr": "172.20.0.0/16",
            "pod_cidr": "10.0.0.0/8",
            "service_cidr": "192.168.0.0/16",
            "pods_per_node": 60,
        },
        ("network.pod_cidr = 10.0.0.0/8", "a /25 for 60 pods", "use a /9"),
    ),
    (
        "too many allowed ranges",
        ("api", "allowed_cidrs"),
        [f"203.0.{number}.0/24" for number in range(59)],
        ("api.allowed_cidrs = 59 ranges", "60 inbound rules", "at most 58"),
    ),
    ("range twice", ("api", "allowed_cidrs"), ["203.0.113.0/24"] * 2, ("203.0.113.0/24", "listed 2 times")),
    (
        "no NAT and no mirror",
        ("network", "nat"),
        "none",
        ("artifacts.mirror: is missing", "image_repository: is"),
    ),
    *(
        (f"proxy {name}", ("network", "https_proxy"), proxy, ("network.https_proxy = ", said))
        for name, proxy, said in (
            ("without a port", "http://proxy.example.com", "http://host:port"),
            ("without a scheme", "proxy.example.com:3128", "http://host:port"),
            ("with a path", "http://proxy.example.com:3128/x", "http://host:port"),
            ("with a port that does not exist", "http://proxy.example.com:99999", "1 to 65535"),
            ("with credentials", "http://me:secret@proxy.example.com:3128", "every instance can read"),
        )
    ),
    ("unknown nested key", ("network", "vpc"), "10.0.0.0/16", ("network.vpc", "vpc_cidr")),
    ("missing nested key", ("network", "vpc_cidr"), ..., ("network.vpc_cidr", "is missing", "10.20.0.0/16")),
    (
        "zone name too long for a certificate",
        ("dns", "zone_name"),
        "a-rather-long-name." * 3 + "example.com",
        ("dns.zone_name", "certificate name", "64 are allowed"),
    ),
    ("no zone name", ("dns", "zone_name"), "kubequorum", ("dns.zone_name = kubequorum", "name of the zone")),
    ("zone id", ("dns", "hosted_zone_id"), "zone-1", ("dns.hosted_zone_id = zone-1", "existing public zone")),
    ("address without a mask", ("network", "vpc_cidr"), "10.20.0.0", ("network.vpc_cidr = 10.20.0.0", "/22")),
    ("host bits", ("network", "vpc_cidr"), "10.20.0.1/16", ("network.vpc_cidr = 10.20.0.1/16", "range")),
    ("VPC too large", ("network", "vpc_cidr"), "10.0.0.0/12", ("network.vpc_cidr", "/16")),
    ("VPC too small", ("network", "vpc_cidr"), "10.20.0.0/24", ("network.vpc_cidr", "/22")),
    ("public range", ("network", "vpc_cidr"), "8.8.0.0/16", ("network.vpc_cidr", "not a private range")),
    (
        "pods in the VPC",
        ("network", "pod_cidr"),
        "10.20.0.0/16",
        ("network.pod_cidr", "overlaps network.vpc_cidr"),
    ),
    (
        "services among pods",
        ("network", "service_cidr"),
        "10.128.0.0/16",
        ("network.service_cidr", "overlaps network.pod_cidr"),
    ),
    (
        "few pod addresses",
        ("network", "pod_cidr"),
        "10.128.0.0/20",
        ("network.pod_cidr", "holds 16 nodes", "93"),
    ),
    ("tiny pod range", ("network", "pod_cidr"), "10.128.0.0/28", ("network.pod_cidr", "holds 0 nodes")),
    ("service range", ("network", "service_cidr"), "10.96.0.0/28", ("network.service_cidr", "/12 to /24")),
    (
        "pods per node",
        ("network", "pods_per_node"),
        1000,
        ("network.pods_per_node = 1000", "largest number of pods"),
    ),
    ("NAT mode", ("network", "nat"), "two", ("network.nat = two", "per-zone", "single", "none")),
    (
        "public API without allowed ranges",
        ("api", "allowed_cidrs"),
        [],
        ("api.allowed_cidrs", "no range outside the VPC"),
    ),
    ("public API without a way in", ("network", "nat"), "none", ("api.exposure", "no internet gateway")),
    ("missing section", ("network",), ..., ("network: is missing", "vpc_cidr, pod_cidr")),
    ("invalid range", ("api", "allowed_cidrs"), ["everybody"], ("allowed_cidrs.0 = everybody", "range")),
    ("services too many", ("network", "service_cidr"), "10.0.0.0/11", ("service_cidr", "/12 to /24")),
    ("pods on the internet", ("network", "pod_cidr"), "8.0.0.0/14", ("pod_cidr", "not a private range")),
]

VALID: list[tuple[str, KeyPath, object]] = [
    ("58 allowed ranges", ("api", "allowed_cidrs"), [f"203.0.{number}.0/24" for number in range(58)]),
    ("zone below a public domain", ("dns", "zone_name"), "k8s.example.com"),
    ("public zone", ("dns",), {"zone_name": "example.com", "hosted_zone_id": "Z0123456789ABC"}),
]


@pytest.mark.parametrize(("path", "value"), [case[1:] for case in VALID], ids=[case[0] for case in VALID])
def test_valid_value_is_accepted(tmp_path: Path, path: KeyPath, value: object) -> None:
    """What looks like a mistake in the list above and is none."""
    accepted(tmp_path, changed(path, value))


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_mistake_is_reported_with_its_remedy(tmp_path: Path, mistake: Mistake) -> None:
    """One wrong value gives a message with key, value and what to do."""
    assert_reported(tmp_path, mistake)


def test_mirror_inside_the_private_zone(tmp_path: Path) -> None:
    """The zone answers for the mirror's name, and does not have it."""
    document = changed(("artifacts", "mirror"), "https://mirror.example.com/k8s")
    document["dns"]["zone_name"] = "example.com"
    document["network"]["https_proxy"] = "http://proxy.example.com:3128"
    message = errors(tmp_path, document)
    assert "hides mirror.example.com from every instance in the VPC (artifacts.mirror)" in message
    assert "hides proxy.example.com from every instance in the VPC (network.https_proxy)" in message


def test_credentials_of_a_proxy_are_not_repeated(tmp_path: Path) -> None:
    """The message is shown and logged."""
    document = changed(("network", "https_proxy"), "http://me:secret@proxy.example.com:3128")
    assert "secret" not in errors(tmp_path, document)


def test_a_proxy_is_a_way_out(tmp_path: Path) -> None:
    """Without NAT neither mirror nor image repository are needed then, and its port is open for masters."""
    document = changed(("network", "nat"), "none")
    document["network"]["https_proxy"] = "http://proxy.example.com:3128"
    document["api"] = {"exposure": "internal"}
    accepted(tmp_path, document)
    cluster = Cluster.model_validate(document)
    assert list(warnings_of(cluster)) == []
    assert download_ports(cluster).keys() == {443, 3128}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("dns", "zone_name"), "example.com", ["hides every public name below example.com"]),
        (("dns", "zone_name"), "k8s.example.com", []),
        (("dns", "zone_name"), "kubequorum.internal", []),
        (("network", "nat"), "none", ["creates no VPC endpoint"]),
    ],
)
def test_surprises_are_warnings(path: KeyPath, value: str, said: list[str]) -> None:
    """Valid, but with an effect that the file does not show."""
    warnings = list(warnings_of(Cluster.model_validate(changed(path, value))))
    assert len(warnings) == len(said)
    for warning, part in zip(warnings, said, strict=True):
        assert part in warning
        assert "Remedy: " in warning


def test_nodes_that_a_subnet_cannot_hold(tmp_path: Path) -> None:
    """A VPC that is large enough for AWS may be too small for the worker groups."""
    document = changed(("network", "vpc_cidr"), "10.20.0.0/22")
    document["worker_groups"][0]["max_size"] = 300
    message = errors(tmp_path, document)
    assert "network.vpc_cidr = 10.20.0.0/22: a private subnet has 251 addresses" in message
