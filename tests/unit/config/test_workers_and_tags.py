"""Mistakes in worker groups and tags, and how each is reported."""

from pathlib import Path

import pytest

from tests.unit.config.cluster_files import KeyPath, Mistake, accepted, assert_reported, changed, errors

MISTAKES: list[Mistake] = [
    (
        "reserved domain with a prefix",
        ("worker_groups", 0, "labels"),
        {"mynode.kubernetes.io/pool": "a"},
        ("labels.mynode.kubernetes.io/pool = a", "NodeRestriction"),
    ),
    (
        "label of the node program",
        ("worker_groups", 0, "labels"),
        {"node.kubernetes.io/instance-type": "a"},
        ("labels.node.kubernetes.io/instance-type = a", "set by Kubequorum"),
    ),
    (
        "label of Kubequorum",
        ("worker_groups", 0, "labels"),
        {"kubequorum/worker-group": "a"},
        ("labels.kubequorum/worker-group = a", "set by Kubequorum"),
    ),
    ("label prefix", ("worker_groups", 0, "labels"), {"a..b/c": "d"}, ("not a valid label",)),
    (
        "45 labels",
        ("worker_groups", 0, "labels"),
        {f"l{number}": "v" for number in range(45)},
        ("worker_groups.0.labels = 45 labels", "make 53 tags", "remove 3 of them"),
    ),
    (
        "tags that differ in case",
        ("tags",),
        {"Environment": "a", "environment": "b"},
        ("tags.environment = b", "tags.Environment in case only"),
    ),
    (
        "own tag in upper case",
        ("tags",),
        {"Kubequorum:slot": "a"},
        ("tags.Kubequorum:slot = a", "depends on"),
    ),
    ("tag with a semicolon", ("tags",), {"a;b": "c"}, ("tags.a;b = c", "AWS refuses this tag")),
    (
        "ten tags",
        ("tags",),
        {f"t{n}": "v" for n in range(10)},
        ("tags = 10 tags", "a hosted zone", "at most 9"),
    ),
    ("unknown key in a group", ("worker_groups", 0, "min"), 3, ("worker_groups.0.min", "min_size")),
    (
        "VPC too small for the nodes",
        ("worker_groups", 0, "max_size"),
        1000,
        ("network.pod_cidr", "holds 1024 nodes", "1063"),
    ),
    (
        "wrong processor in a group",
        ("worker_groups", 1, "instance_types"),
        ["m7g.large", "c7i.large"],
        ("worker_groups.1.instance_types = c7i.large", "is amd64"),
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
        ("worker_groups.0.min_size = -1", "minimum number"),
    ),
    ("max of zero", ("worker_groups", 0, "max_size"), 0, ("worker_groups.0.max_size = 0", "maximum number")),
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
        ("worker_groups.0.instance_types = m7i.large", "listed 2 times"),
    ),
    (
        "no instance types",
        ("worker_groups", 0, "instance_types"),
        [],
        ("worker_groups.0.instance_types", "types"),
    ),
    ("spot share", ("worker_groups", 1, "spot_percent"), 101, ("spot_percent = 101", "0 to 100")),
    ("label", ("worker_groups", 0, "labels"), {"a b": "c"}, ("labels.a b", "not a valid label")),
    ("label value", ("worker_groups", 0, "labels"), {"a": "b/c"}, ("labels.a = b/c", "not a valid label")),
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
        ("worker_groups.0.taints", "not a valid taint"),
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
        ("worker_groups.0.taints = a", "2 taints", "one taint per key"),
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
    ("own tag", ("tags",), {"kubequorum:slot": "a"}, ("tags.kubequorum:slot = a", "depends on")),
    ("Name tag", ("tags",), {"Name": "x"}, ("tags.Name = x", "depends on")),
    ("tag of AWS", ("tags",), {"aws:x": "y"}, ("tags.aws:x", "AWS refuses this tag")),
    ("tag value", ("tags",), {"x": "y" * 257}, ("tags.x", "at most 256")),
    ("tag key", ("tags",), {"x" * 129: "y"}, ("tags.xxx", "1 to 128 characters")),
    ("tag that is not a string", ("tags",), {"x": 1}, ("tags.x = 1", "numbers in quotes")),
    (
        "label that is not a string",
        ("worker_groups", 0, "labels"),
        {"gpu": True},
        ("labels.gpu = True", "quotes"),
    ),
    (
        "label key that is not a string",
        ("worker_groups", 0, "labels"),
        {3: "x"},
        ("labels.3 = 3", "all values are strings"),
    ),
    ("label with a line break", ("worker_groups", 0, "labels"), {"a": "b\n"}, ("not a valid label",)),
    ("yes as a number", ("worker_groups", 0, "min_size"), True, ("min_size = True", "not a whole number")),
    ("taint value", ("worker_groups", 1, "taints", 0, "value"), "a b", ("taints = workload=a b",)),
]

VALID = [
    ("unreserved domain", ("worker_groups", 0, "labels"), {"notk8s.io/pool": "a"}),
    (
        "reserved domain that kubelets may set",
        ("worker_groups", 0, "labels"),
        {"x.node.kubernetes.io/a": "b"},
    ),
    ("42 labels", ("worker_groups", 0, "labels"), {f"l{number}": "v" for number in range(42)}),
    ("small worker", ("worker_groups", 0, "instance_types"), ["t3.micro"]),
    ("nine tags", ("tags",), {f"t{n}": "v" for n in range(9)}),
    ("tag in another script", ("tags",), {"Größe": "ひ"}),
]


@pytest.mark.parametrize(("path", "value"), [case[1:] for case in VALID], ids=[case[0] for case in VALID])
def test_valid_value_is_accepted(tmp_path: Path, path: KeyPath, value: object) -> None:
    """What looks like a mistake in the list above and is none."""
    accepted(tmp_path, changed(path, value))


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_mistake_is_reported_with_its_remedy(tmp_path: Path, mistake: Mistake) -> None:
    """One wrong value gives a message with key, value and what to do."""
    assert_reported(tmp_path, mistake)


def test_two_groups_whose_names_differ_in_a_dash_only(tmp_path: Path) -> None:
    """Logical ids have no dashes: the CDK itself would fail."""
    document = changed(("worker_groups", 0, "name"), "pool-1")
    document["worker_groups"][1]["name"] = "pool1"
    message = errors(tmp_path, document)
    assert "worker_groups.1.name = pool1: is not distinct from worker_groups.0, pool-1" in message
