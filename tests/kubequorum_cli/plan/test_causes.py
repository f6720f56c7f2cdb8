"""Why something changes: keys of the cluster file whose values are those that are seen."""

from typing import Any

from kubequorum_cli.plan.causes import Evidence, Keys
from kubequorum_cli.plan.changes import leaves

_FILE: dict[str, Any] = {
    "dns": {"zone_name": "mine.internal"},
    "masters": {"instance_type": "m7i.large", "etcd_volume": {"size_gib": 4}},
    "worker_groups": [{"name": "general", "instance_types": ["m7i.large"], "max_size": 4, "labels": {}}],
}


def _changed(**sections: Any) -> Keys:
    return Keys(_FILE, {**_FILE, **sections})


def _texts(keys: Keys, evidence: Evidence, *, slot: str = "", group: str = "") -> list[str]:
    return [str(cause) for cause in keys.causes(evidence, slot=slot, worker_group=group)]


def test_differences_are_named_by_the_place_in_the_file() -> None:
    """Groups by their names, wherever they are in the list; items that come or go as a whole."""
    other = {"name": "batch", "max_size": 1}
    new = {**_FILE, "worker_groups": [other, {**_FILE["worker_groups"][0], "max_size": 5}]}
    assert list(leaves(_FILE, new)) == [
        ("worker_groups[general].max_size", 4, 5),
        ("worker_groups[batch]", None, other),
    ]
    assert list(leaves({"a": [1, 2]}, {"a": [1]})) == [("a[1]", 2, None)]
    assert list(leaves({"a": {}}, {"a": {"b": True}})) == [("a.b", None, True)]
    assert list(leaves({"a": None}, {"a": "x"})) == [("a", None, "x")]
    assert list(leaves({"a": {"b": 1}}, {"a": 2})) == [("a", {"b": 1}, 2)]


def test_a_key_is_the_cause_of_what_has_its_values() -> None:
    """Of several that differ, and whatever the field is called."""
    keys = _changed(
        masters={"instance_type": "m7i.xlarge", "etcd_volume": {"size_gib": 8}},
        dns={"zone_name": "x.internal"},
    )
    seen = Evidence(properties=[("LaunchTemplateData.InstanceType", "m7i.large", "m7i.xlarge")])
    assert _texts(keys, seen, slot="a") == ["masters.instance_type: m7i.large → m7i.xlarge"]
    # The template may have a number as a text.
    volume = Evidence(fields=[("etcd.volume.size_gib", 4, 8), ("etcd.quota_bytes", 2 << 30, 4 << 30)])
    assert _texts(keys, volume, slot="a") == ["masters.etcd_volume.size_gib: 4 → 8"]
    assert _texts(keys, Evidence(properties=[("Size", "4", "8")]), slot="a") == [
        "masters.etcd_volume.size_gib: 4 → 8"
    ]
    name = Evidence(fields=[("api_name", "api.mine.internal", "api.x.internal")])
    assert _texts(keys, name, slot="a") == ["dns.zone_name: mine.internal → x.internal"]


def test_keys_of_other_groups_are_no_cause() -> None:
    """Masters and workers with the same values do not explain each other."""
    keys = _changed(masters={**_FILE["masters"], "instance_type": "m7i.xlarge"})
    seen = Evidence(properties=[("LaunchTemplateData.InstanceType", "m7i.large", "m7i.xlarge")])
    assert _texts(keys, seen, group="general") == [
        "template LaunchTemplateData.InstanceType: m7i.large → m7i.xlarge"
    ]
    labels = _changed(worker_groups=[{**_FILE["worker_groups"][0], "labels": {"tier": "front"}}])
    field = Evidence(fields=[("labels.tier", None, "front")])
    assert _texts(labels, field, group="general") == ["worker_groups[general].labels.tier: — → front"]
    assert _texts(labels, field, group="batch") == ["cluster.json labels.tier: — → front"]
    assert _texts(labels, field, slot="a") == ["cluster.json labels.tier: — → front"]


def test_a_key_that_nothing_shows_is_doubtful() -> None:
    """It is named, and so is what is seen."""
    keys = _changed(masters={**_FILE["masters"], "etcd_volume": {"size_gib": 8}})
    seen = Evidence(fields=[("etcd.quota_bytes", 1, 2)])
    assert _texts(keys, seen, slot="a") == [
        "masters.etcd_volume.size_gib: 4 → 8 (perhaps)",
        "cluster.json etcd.quota_bytes: 1 → 2",
    ]


def test_short_values_are_not_looked_for_within_others() -> None:
    """`4` is in many texts."""
    keys = _changed(masters={**_FILE["masters"], "etcd_volume": {"size_gib": 8}})
    seen = Evidence(fields=[("image", "debian-4", "debian-8")])
    assert "(perhaps)" in _texts(keys, seen, slot="a")[0]


def test_files_of_the_node_program_and_a_file_without_a_record() -> None:
    """A release changes files and no key; without a record only what is seen is named."""
    assert _texts(_changed(), Evidence(files=["userdata/kubequorum_node/node.py"]), slot="a") == [
        "userdata/kubequorum_node/node.py"
    ]
    unknown = Keys(None, _FILE)
    assert not unknown.are_known
    assert _texts(unknown, Evidence(fields=[("kubernetes_version", "1", "2")]), slot="a") == [
        "cluster.json kubernetes_version: 1 → 2"
    ]
