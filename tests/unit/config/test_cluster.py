"""Mistakes in keys about the cluster itself: name, account, zones, image, masters, versions and downloads."""

from pathlib import Path

import pytest

from tests.unit.config.cluster_files import KeyPath, Mistake, accepted, assert_reported, changed, errors

_POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
MISTAKES: list[Mistake] = [
    ("China", ("region",), "cn-north-1", ("region = cn-north-1", "not below amazonaws.com")),
    (
        "isolated region",
        ("region",),
        "us-isob-east-1",
        ("region = us-isob-east-1", "not below amazonaws.com"),
    ),
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
        ("image_repository", "only the kubelet has credentials", "images of addons and pods may be in ECR"),
    ),
    ("micro master", ("masters", "instance_type"), "t3.micro", ("t3.micro", "too small", "2 vCPUs")),
    ("master with one processor", ("masters", "instance_type"), "m7i.medium", ("m7i.medium", "too small")),
    ("master without NVMe", ("masters", "instance_type"), "m4.large", ("m4.large", "Nitro")),
    ("image id of 15 digits", ("image", "amd64"), "ami-0123456789abcde", ("image.amd64", "Debian 13")),
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
    ("missing key", ("name",), ..., ("name", "is missing", "name of the cluster")),
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
    ("etcd of long ago", ("kubernetes", "etcd", "version"), "3.5.21", ("3.5.21", "use one of 3.6.8, 3.6.11")),
    (
        "emulated version of long ago",
        ("kubernetes", "emulated_version"),
        "1.34",
        ("kubernetes.emulated_version = 1.34", "not the minor version before 1.36.3", "remove it"),
    ),
    (
        "emulated version without a way back",
        ("kubernetes", "emulated_version"),
        "1.35",
        ("emulated_version = 1.35", "is no version of 1.36.2", "remove it"),
    ),
    (
        "emulated own version",
        ("kubernetes",),
        {"version": "1.37.2", "emulated_version": "1.37"},
        ("emulated_version = 1.37", "not the minor version before 1.37.2", "set it to '1.36'"),
    ),
    (
        "emulated patch version",
        ("kubernetes",),
        {"version": "1.37.2", "emulated_version": "1.36.3"},
        ("emulated_version = 1.36.3", "set it to '1.36'"),
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
    (
        "CloudFront in GovCloud",
        ("region",),
        "us-gov-east-1",
        ("service_accounts.issuer = cloudfront", "no CloudFront in us-gov-east-1", "none"),
    ),
    (
        "role without an issuer",
        ("service_accounts",),
        {"issuer": "none", "roles": [{"namespace": "a", "name": "b", "managed_policies": [_POLICY]}]},
        ("a/b", "issuer is none", "remove them"),
    ),
    (
        "role that allows nothing",
        ("service_accounts",),
        {"roles": [{"namespace": "shop", "name": "orders"}]},
        ("service_accounts.roles.0 = shop/orders", "allows nothing", "managed_policies"),
    ),
    (
        "roles that CloudFormation cannot distinguish",
        ("service_accounts",),
        {
            "roles": [
                {"namespace": "a-b", "name": "c", "managed_policies": [_POLICY]},
                {"namespace": "a", "name": "b.c", "managed_policies": [_POLICY]},
            ]
        },
        ("service_accounts.roles.1 = a/b.c", "a-b/c", "no dashes and dots"),
    ),
    (
        "role that is too large",
        ("service_accounts",),
        {
            "roles": [
                {
                    "namespace": "a",
                    "name": "b",
                    "statements": [
                        {
                            "actions": ["s3:GetObject"],
                            "resources": [f"arn:aws:s3:::{n:0>60}" for n in range(200)],
                        }
                    ],
                }
            ]
        },
        ("service_accounts.roles.0.statements = a/b", "IAM takes 10240", "managed policy"),
    ),
    (
        "pattern as a service account",
        ("service_accounts",),
        {"roles": [{"namespace": "a", "name": "*", "managed_policies": [_POLICY]}]},
        ("service_accounts.roles.0.name = *", "orders"),
    ),
    (
        "action without a service",
        ("service_accounts",),
        {"roles": [{"namespace": "a", "name": "b", "statements": [{"actions": ["*"], "resources": ["*"]}]}]},
        ("actions.0 = *", "s3:GetObject"),
    ),
    (
        "issuer of a flag",
        ("kubernetes", "api_server"),
        {"extra_args": {"service-account-issuer": "https://example.com"}},
        ("service-account-issuer", "see service_accounts.issuer"),
    ),
    ("zones as a string", ("zones",), "eu-central-1a", ("zones = eu-central-1a", "is not a list")),
    ("number in quotes", ("masters", "etcd_volume", "size_gib"), "20", ("size_gib = 20", "quotes", "in GiB")),
    ("image as a string", ("image",), "ami-0123456789abcdef0", ("image = ami-", "keys amd64, arm64")),
]

VALID: list[tuple[str, KeyPath, object]] = [
    ("GovCloud", ("region",), "us-gov-west-1"),
    ("smallest burstable master", ("masters", "instance_type"), "t3.small"),
    ("short image id", ("image", "amd64"), "ami-01234567"),
]


@pytest.mark.parametrize(("path", "value"), [case[1:] for case in VALID], ids=[case[0] for case in VALID])
def test_valid_value_is_accepted(tmp_path: Path, path: KeyPath, value: object) -> None:
    """What looks like a mistake in the list above and is none."""
    document = changed(path, value)
    if path == ("region",):
        document["zones"] = [f"{value}a"]
        document["service_accounts"] = {"issuer": "none"}
    accepted(tmp_path, document)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_mistake_is_reported_with_its_remedy(tmp_path: Path, mistake: Mistake) -> None:
    """One wrong value gives a message with key, value and what to do."""
    assert_reported(tmp_path, mistake)


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    """A file need not be fixed once per mistake."""
    document = changed(("zones",), ["eu-central-1a", "eu-central-1b"])
    document["kubernetes"]["version"] = "1.30.0"
    document["worker_groups"][0]["min_size"] = 99
    message = errors(tmp_path, document)
    assert "3 mistakes" in message
