"""Mistakes outside of worker groups and tags, and how each is reported."""

from pathlib import Path

import pytest

from kubequorum.config import Cluster, warnings_of
from tests.unit.config.cluster_files import KeyPath, Mistake, accepted, assert_reported, changed, errors

MISTAKES: list[Mistake] = [
    ("China", ("region",), "cn-north-1", ("region = cn-north-1", "not below amazonaws.com")),
    (
        "isolated region",
        ("region",),
        "us-isob-east-1",
        ("region = us-isob-east-1", "not below amazonaws.com"),
    ),
    (
        "upper-case domain",
        ("dns", "zone_name"),
        "K8s.Example.com",
        ("dns.zone_name = K8s.Example.com", "lower case"),
    ),
    ("zone over AWS", ("dns", "zone_name"), "amazonaws.com", ("hides amazonaws.com from every instance",)),
    ("zone over the registry", ("dns", "zone_name"), "k8s.io", ("hides registry.k8s.io", "mine.k8s.io")),
    (
        "zone over instances",
        ("dns", "zone_name"),
        "eu-central-1.compute.internal",
        ("hides eu-central-1.compute",),
    ),
    ("zone inside the cluster's domain", ("dns", "zone_name"), "x.cluster.local", ("CoreDNS answers",)),
    (
        "mirror's port",
        ("artifacts", "mirror"),
        "https://m.example.com:99999/x",
        ("artifacts.mirror", "1 to 65535"),
    ),
    (
        "registry's port",
        ("kubernetes", "image_repository"),
        "r.example.com:0/x",
        ("image_repository", "65535"),
    ),
    (
        "private ECR registry",
        ("kubernetes", "image_repository"),
        "111122223333.dkr.ecr.eu-central-1.amazonaws.com/k8s",
        ("image_repository", "has credentials"),
    ),
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
    ("micro master", ("masters", "instance_type"), "t3.micro", ("t3.micro", "too small", "2 vCPUs")),
    ("master with one processor", ("masters", "instance_type"), "m7i.medium", ("m7i.medium", "too small")),
    ("master without NVMe", ("masters", "instance_type"), "m4.large", ("m4.large", "Nitro")),
    ("image id of 15 digits", ("image", "amd64"), "ami-0123456789abcde", ("image.amd64", "Debian 13")),
    (
        "no NAT and no mirror",
        ("network", "nat"),
        "none",
        ("artifacts.mirror: is missing", "image_repository: is"),
    ),
    ("two zones", ("zones",), ["eu-central-1a", "eu-central-1b"], ("zones", "2 zones", "one zone, or three")),
    ("no zone", ("zones",), [], ("zones", "0 zones")),
    (
        "zone twice",
        ("zones",),
        ["eu-central-1a", "eu-central-1a", "eu-central-1b"],
        ("zones = eu-central-1a", "listed 2 times"),
    ),
    ("zone elsewhere", ("zones",), ["us-east-1a"], ("us-east-1a", "is not a zone of eu-central-1")),
    ("unknown key", ("networking",), {}, ("networking", "no such key", "network")),
    ("unknown nested key", ("network", "vpc"), "10.0.0.0/16", ("network.vpc", "vpc_cidr")),
    ("missing key", ("name",), ..., ("name", "is missing", "name of the cluster")),
    ("missing nested key", ("network", "vpc_cidr"), ..., ("network.vpc_cidr", "is missing", "10.20.0.0/16")),
    ("account as a number", ("account",), 111122223333, ("account = 111122223333", "12 digits in quotes")),
    ("account too short", ("account",), "1234", ("account = 1234", "12 digits")),
    ("invalid region", ("region",), "frankfurt", ("region = frankfurt", "eu-central-1")),
    ("upper-case name", ("name",), "Prod", ("name = Prod", "DNS label")),
    ("reserved name", ("name",), "internal-x", ("name = internal-x", "internal-")),
    (
        "name too long for a load balancer",
        ("name",),
        "our-cluster-for-production",
        ("our-cluster-for-production", "load balancer name", "32 are allowed"),
    ),
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
    ("old Kubernetes", ("kubernetes", "version"), "1.30.0", ("kubernetes.version = 1.30.0", "1.36.3")),
    ("mirror without a host", ("artifacts", "mirror"), "s3://", ("artifacts.mirror = s3://", "s3://bucket")),
    ("mirror as a path", ("artifacts", "mirror"), "/srv/mirror", ("artifacts.mirror", "https://host/path")),
    ("mirror with a query", ("artifacts", "mirror"), "https://m/x?y", ("artifacts.mirror", "nothing after")),
    (
        "image repository with a scheme",
        ("kubernetes", "image_repository"),
        "https://x",
        ("image_repository",),
    ),
    ("Kubernetes too early in 1.36", ("kubernetes", "version"), "1.36.1", ("1.36.1", "1.36.2")),
    ("image id", ("image", "amd64"), "debian-13", ("image.amd64 = debian-13", "Debian 13 image")),
    ("no image for a group", ("image", "arm64"), ..., ("image.arm64", "batch needs it")),
    ("wrong processor", ("masters", "instance_type"), "m7g.large", ("m7g.large", "is arm64", "amd64")),
    (
        "no instance type",
        ("masters", "instance_type"),
        "large",
        ("masters.instance_type = large", "m7i.large"),
    ),
    ("small volume", ("masters", "etcd_volume", "size_gib"), 1, ("masters.etcd_volume.size_gib = 1", "GiB")),
    ("IOPS for the size", ("masters", "etcd_volume", "iops"), 20000, ("iops = 20000", "10000 here")),
    (
        "throughput for the IOPS",
        ("masters", "etcd_volume", "throughput_mib_per_s"),
        1000,
        ("throughput_mib_per_s = 1000", "750 here"),
    ),
    ("zones as a string", ("zones",), "eu-central-1a", ("zones = eu-central-1a", "is not a list")),
    ("number in quotes", ("masters", "etcd_volume", "size_gib"), "20", ("size_gib = 20", "quotes", "in GiB")),
    ("image as a string", ("image",), "ami-0123456789abcdef0", ("image = ami-", "keys amd64, arm64")),
    ("missing section", ("network",), ..., ("network: is missing", "vpc_cidr, pod_cidr")),
    ("invalid range", ("api", "allowed_cidrs"), ["everybody"], ("allowed_cidrs.0 = everybody", "range")),
    ("services too many", ("network", "service_cidr"), "10.0.0.0/11", ("service_cidr", "/12 to /24")),
    ("pods on the internet", ("network", "pod_cidr"), "8.0.0.0/14", ("pod_cidr", "not a private range")),
]

VALID: list[tuple[str, KeyPath, object]] = [
    ("GovCloud", ("region",), "us-gov-west-1"),
    ("smallest burstable master", ("masters", "instance_type"), "t3.small"),
    ("58 allowed ranges", ("api", "allowed_cidrs"), [f"203.0.{number}.0/24" for number in range(58)]),
    ("short image id", ("image", "amd64"), "ami-01234567"),
    ("zone below a public domain", ("dns", "zone_name"), "k8s.example.com"),
    ("public zone", ("dns",), {"zone_name": "example.com", "hosted_zone_id": "Z0123456789ABC"}),
]


@pytest.mark.parametrize(("path", "value"), [case[1:] for case in VALID], ids=[case[0] for case in VALID])
def test_valid_value_is_accepted(tmp_path: Path, path: KeyPath, value: object) -> None:
    """What looks like a mistake in the list above and is none."""
    document = changed(path, value)
    if path == ("region",):
        document["zones"] = [f"{value}a"]
    accepted(tmp_path, document)


def test_mirror_inside_the_private_zone(tmp_path: Path) -> None:
    """The zone answers for the mirror's name, and does not have it."""
    document = changed(("artifacts", "mirror"), "https://mirror.example.com/k8s")
    document["dns"]["zone_name"] = "example.com"
    message = errors(tmp_path, document)
    assert "hides mirror.example.com from every instance in the VPC (artifacts.mirror)" in message


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


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_mistake_is_reported_with_its_remedy(tmp_path: Path, mistake: Mistake) -> None:
    """One wrong value gives a message with key, value and what to do."""
    assert_reported(tmp_path, mistake)


def test_nodes_that_a_subnet_cannot_hold(tmp_path: Path) -> None:
    """A VPC that is large enough for AWS may be too small for the worker groups."""
    document = changed(("network", "vpc_cidr"), "10.20.0.0/22")
    document["worker_groups"][0]["max_size"] = 300
    message = errors(tmp_path, document)
    assert "network.vpc_cidr = 10.20.0.0/22: a private subnet has 251 addresses" in message


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    """A file need not be fixed once per mistake."""
    document = changed(("zones",), ["eu-central-1a", "eu-central-1b"])
    document["kubernetes"]["version"] = "1.30.0"
    document["worker_groups"][0]["min_size"] = 99
    message = errors(tmp_path, document)
    assert "3 mistakes" in message
