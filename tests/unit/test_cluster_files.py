"""What a cluster file may say, and what a person is told about each mistake in it."""

import copy
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from kubequorum.config import Cluster, ClusterFileError, load_cluster
from tests.synthesis import CLUSTERS, REPOSITORY

KeyPath = tuple[str | int, ...]
MOMENT = datetime(2026, 11, 24, 12, 0, 0)


def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((REPOSITORY / "clusters" / "ha.yaml").read_text("utf-8"))
    return document


def _changed(path: KeyPath, value: object) -> dict[str, Any]:
    """The ha cluster with one value changed; a value of `...` removes the key."""
    document = copy.deepcopy(_document())
    place: Any = document
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


def _errors(tmp_path: Path, document: object) -> str:
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ClusterFileError) as caught:
        load_cluster(file)
    message = str(caught.value)
    assert message.startswith(str(file)), "the message names the file"
    assert message.count("Remedy:") == len(caught.value.problems), "every mistake has a remedy"
    return message


@pytest.mark.parametrize("name", CLUSTERS)
def test_the_clusters_of_this_repository_are_valid(name: str) -> None:
    """Every example loads."""
    assert load_cluster(REPOSITORY / "clusters" / f"{name}.yaml").name == name


MISTAKES: list[tuple[str, KeyPath, object, tuple[str, ...]]] = [
    ("two zones", ("zones",), ["eu-central-1a", "eu-central-1b"], ("zones", "2 zones", "one zone, or three")),
    ("no zone", ("zones",), [], ("zones", "0 zones")),
    (
        "zone twice",
        ("zones",),
        ["eu-central-1a", "eu-central-1a", "eu-central-1b"],
        ("zones = eu-central-1a", "2 times"),
    ),
    ("zone elsewhere", ("zones",), ["us-east-1a"], ("us-east-1a", "no zone of eu-central-1")),
    ("unknown key", ("networking",), {}, ("networking", "no such key", "network")),
    ("unknown nested key", ("network", "vpc"), "10.0.0.0/16", ("network.vpc", "vpc_cidr")),
    ("unknown key in a group", ("worker_groups", 0, "min"), 3, ("worker_groups.0.min", "min_size")),
    ("missing key", ("name",), ..., ("name", "is missing", "name of the cluster")),
    ("missing nested key", ("network", "vpc_cidr"), ..., ("network.vpc_cidr", "is missing", "10.20.0.0/16")),
    ("account as a number", ("account",), 111122223333, ("account = 111122223333", "12 digits in quotes")),
    ("account too short", ("account",), "1234", ("account = 1234", "12 digits")),
    ("no region", ("region",), "frankfurt", ("region = frankfurt", "eu-central-1")),
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
    ("no range", ("network", "vpc_cidr"), "10.20.0.0", ("network.vpc_cidr = 10.20.0.0", "/22")),
    ("host bits", ("network", "vpc_cidr"), "10.20.0.1/16", ("network.vpc_cidr = 10.20.0.1/16", "range")),
    ("VPC too large", ("network", "vpc_cidr"), "10.0.0.0/12", ("network.vpc_cidr", "/16")),
    ("VPC too small", ("network", "vpc_cidr"), "10.20.0.0/24", ("network.vpc_cidr", "/22")),
    (
        "VPC too small for the nodes",
        ("worker_groups", 0, "max_size"),
        1000,
        ("network.pod_cidr", "holds 1024 nodes", "1063"),
    ),
    ("public range", ("network", "vpc_cidr"), "8.8.0.0/16", ("network.vpc_cidr", "no private range")),
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
    ("pods per node", ("network", "pods_per_node"), 1000, ("network.pods_per_node = 1000", "limit of pods")),
    ("NAT mode", ("network", "nat"), "two", ("network.nat = two", "per-zone", "single", "none")),
    ("public API for nobody", ("api", "allowed_cidrs"), [], ("api.allowed_cidrs", "nobody")),
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
    (
        "wrong processor in a group",
        ("worker_groups", 1, "instance_types"),
        ["m7g.large", "c7i.large"],
        ("worker_groups.1.instance_types = c7i.large", "is amd64"),
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
        "min above max",
        ("worker_groups", 0, "min_size"),
        31,
        ("worker_groups.0.min_size = 31", "max_size (30)"),
    ),
    (
        "negative size",
        ("worker_groups", 0, "min_size"),
        -1,
        ("worker_groups.0.min_size = -1", "smallest number"),
    ),
    ("max of zero", ("worker_groups", 0, "max_size"), 0, ("worker_groups.0.max_size = 0", "largest number")),
    (
        "two groups of one name",
        ("worker_groups", 1, "name"),
        "general",
        ("worker_groups.1.name = general", "worker_groups.0"),
    ),
    (
        "instance type twice",
        ("worker_groups", 0, "instance_types"),
        ["m7i.large", "m7i.large"],
        ("worker_groups.0.instance_types = m7i.large", "2 times"),
    ),
    (
        "no instance types",
        ("worker_groups", 0, "instance_types"),
        [],
        ("worker_groups.0.instance_types", "types"),
    ),
    ("spot share", ("worker_groups", 1, "spot_percent"), 101, ("spot_percent = 101", "0 to 100")),
    ("label", ("worker_groups", 0, "labels"), {"a b": "c"}, ("labels.a b", "no valid label")),
    ("label value", ("worker_groups", 0, "labels"), {"a": "b/c"}, ("labels.a = b/c", "no valid label")),
    (
        "label that kubelets may not set",
        ("worker_groups", 0, "labels"),
        {"node-role.kubernetes.io/worker": ""},
        ("NodeRestriction", "node.kubernetes.io"),
    ),
    (
        "taint",
        ("worker_groups", 0, "taints"),
        [{"key": "a b", "effect": "NoSchedule"}],
        ("worker_groups.0.taints", "no valid taint"),
    ),
    (
        "taint effect",
        ("worker_groups", 0, "taints"),
        [{"key": "a", "effect": "Never"}],
        ("worker_groups.0.taints.0.effect = Never", "NoExecute"),
    ),
    (
        "two taints of one key",
        ("worker_groups", 0, "taints"),
        [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}],
        ("worker_groups.0.taints = a", "2 taints", "one taint a key"),
    ),
    (
        "label too long for a tag",
        ("worker_groups", 0, "labels"),
        {f"{'long.' * 20}example.com/x": ""},
        ("worker_groups.0.labels = long.", "makes the tag key", "128 are allowed"),
    ),
    (
        "taint too long for a tag",
        ("worker_groups", 0, "taints"),
        [{"key": f"{'long.' * 20}example.com/x", "effect": "NoSchedule"}],
        ("worker_groups.0.taints = long.", "makes the tag key", "128 are allowed"),
    ),
    ("tag of the app's own", ("tags",), {"kubequorum:slot": "a"}, ("tags.kubequorum:slot = a", "depends on")),
    ("Name tag", ("tags",), {"Name": "x"}, ("tags.Name = x", "depends on")),
    ("tag of AWS", ("tags",), {"aws:x": "y"}, ("tags.aws:x", "AWS refuses this tag")),
    ("tag value", ("tags",), {"x": "y" * 257}, ("tags.x", "at most 256")),
    ("tag key", ("tags",), {"x" * 129: "y"}, ("tags.xxx", "1 to 128 characters")),
    ("tag that is no text", ("tags",), {"x": 1}, ("tags.x = 1", "numbers in quotes")),
    ("label that is no text", ("worker_groups", 0, "labels"), {"gpu": True}, ("labels.gpu = True", "quotes")),
    ("label key that is no text", ("worker_groups", 0, "labels"), {3: "x"}, ("labels.3 = 3", "all texts")),
    ("label with a line break", ("worker_groups", 0, "labels"), {"a": "b\n"}, ("no valid label",)),
    ("zones as a text", ("zones",), "eu-central-1a", ("zones = eu-central-1a", "is no list")),
    ("number in quotes", ("masters", "etcd_volume", "size_gib"), "20", ("size_gib = 20", "quotes", "in GiB")),
    ("yes as a number", ("worker_groups", 0, "min_size"), True, ("min_size = True", "no whole number")),
    ("image as a text", ("image",), "ami-0123456789abcdef0", ("image = ami-", "keys amd64, arm64")),
    ("missing section", ("network",), ..., ("network: is missing", "vpc_cidr, pod_cidr")),
    ("range that is none", ("api", "allowed_cidrs"), ["everybody"], ("allowed_cidrs.0 = everybody", "range")),
    ("services too many", ("network", "service_cidr"), "10.0.0.0/11", ("service_cidr", "/12 to /24")),
    ("pods on the internet", ("network", "pod_cidr"), "8.0.0.0/14", ("pod_cidr", "no private range")),
    ("taint value", ("worker_groups", 1, "taints", 0, "value"), "a b", ("taints = workload=a b",)),
]


def _keys(section: type[BaseModel], place: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every key of the model with its description; of a list the first item stands for all."""
    for name, field in section.model_fields.items():
        path = (*place, name)
        yield path, field.description or ""
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _keys(part, path if part is field.annotation else (*path, 0))


EVERY_KEY = list(_keys(Cluster))


@pytest.mark.parametrize(
    ("path", "description"), EVERY_KEY, ids=[".".join(map(str, k)) for k, _ in EVERY_KEY]
)
def test_every_key_refuses_what_it_can_never_be(tmp_path: Path, path: KeyPath, description: str) -> None:
    """A moment in time is a value of no key: the message has key and value, and says what the key means."""
    document = _changed(("worker_groups", 0, "taints"), [{"key": "a", "effect": "NoSchedule"}])
    place: Any = document
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    place[path[-1]] = MOMENT
    message = _errors(tmp_path, document)
    assert f"{'.'.join(map(str, path))} = {MOMENT}: " in message
    assert description in message


@pytest.mark.parametrize(("path", "value", "said"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_named_with_its_remedy(
    tmp_path: Path, path: KeyPath, value: object, said: tuple[str, ...]
) -> None:
    """One wrong value gives a message with file, key, value and what to do."""
    message = _errors(tmp_path, _changed(path, value))
    for part in said:
        assert part in message


def test_nodes_that_a_subnet_cannot_hold(tmp_path: Path) -> None:
    """A VPC that is large enough for AWS may be too small for the worker groups."""
    document = _changed(("network", "vpc_cidr"), "10.20.0.0/22")
    document["worker_groups"][0]["max_size"] = 300
    message = _errors(tmp_path, document)
    assert "network.vpc_cidr = 10.20.0.0/22: a private subnet has 251 addresses" in message


def test_two_groups_whose_names_differ_in_a_dash_only(tmp_path: Path) -> None:
    """Their Auto Scaling groups would have one logical id: the CDK would stop with a message of its own."""
    document = _changed(("worker_groups", 0, "name"), "pool-1")
    document["worker_groups"][1]["name"] = "pool1"
    message = _errors(tmp_path, document)
    assert "worker_groups.1.name = pool1: worker_groups.0 is called pool-1" in message


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody has to mend a file once for each mistake in it."""
    document = _changed(("zones",), ["eu-central-1a", "eu-central-1b"])
    document["kubernetes"]["version"] = "1.30.0"
    document["worker_groups"][0]["min_size"] = 99
    message = _errors(tmp_path, document)
    assert "3 mistakes" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [unclosed", "file: while parsing"),
        ("name: a\nname: b\n", "the key 'name' stands there twice"),
        ("- a list", "is no mapping"),
        ("", "is no mapping"),
        ("name: \udce4\n", "is no UTF-8 text at byte 6. Remedy: save it as UTF-8"),
        ("? [a]\n: b\n", "a key is no text"),
        ("name: *nothing\n", "undefined alias"),
    ],
)
def test_a_file_that_is_no_cluster(tmp_path: Path, text: str, said: str) -> None:
    """What is not YAML, or no mapping, or has a key twice, is refused as such."""
    file = tmp_path / "cluster.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ClusterFileError, match=said):
        load_cluster(file)


def test_a_mapping_may_be_merged_into_another(tmp_path: Path) -> None:
    """YAML's `<<` gives defaults; a key that stands there, too, counts more and is no key twice."""
    text = (REPOSITORY / "clusters" / "ha.yaml").read_text(encoding="utf-8")
    file = tmp_path / "cluster.yaml"
    file.write_text(f"{text}<<: {{region: us-east-1, kubernetes: {{version: 1.30.0}}}}\n", encoding="utf-8")
    cluster = load_cluster(file)
    assert (cluster.region, cluster.kubernetes.version) == ("eu-central-1", "1.36.3")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A wrong name is said with an example of a right one."""
    with pytest.raises(ClusterFileError, match=r"No such file.*clusters/ha\.yaml"):
        load_cluster(tmp_path / "missing.yaml")
